#include "engine/plan/scenario.h"

static void read_file(struct scenario *s, const struct node *value, void *into)
{
    struct scenario_feed *feed = into;
    if (scenario_read_text(s, value, "the name of a file"))
        feed->file = value;
}

static void read_order(struct scenario *s, const struct node *value, void *into)
{
    static const char *const words[] = { "sequential", "shuffled", "random" };
    static const enum feed_order orders[] = { FEED_SEQUENTIAL, FEED_SHUFFLED, FEED_RANDOM };
    struct scenario_feed *feed = into;
    size_t index;
    if (scenario_read_word(s, value, words, 3, &index))
        feed->order = orders[index];
}

static void read_at_end(struct scenario *s, const struct node *value, void *into)
{
    static const char *const words[] = { "again", "stop" };
    struct scenario_feed *feed = into;
    size_t index;
    if (scenario_read_word(s, value, words, 2, &index))
        feed->stops = index == 1;
}

static const struct scenario_key feed_keys[] = {
    { "file", read_file, "a table beside the scenario: .csv with a header row, or .jsonl" },
    { "order", read_order, "sequential (unless given), shuffled once, or random every time" },
    { "at_end", read_at_end, "again (unless given): begin anew; stop: the user stops" },
};
const struct scenario_table scenario_feed_table = SCENARIO_TABLE("feed", feed_keys);

static void read_feed(struct scenario *s, const struct node *node, struct scenario_feed *feed)
{
    static const char *const name = "file";
    const struct scenario_context context = { "in a feed", &scenario_feed_table, feed, NULL };
    feed->node = node;
    if (!expression_name_is_valid(node->key->text) ||
        memchr(node->key->text.bytes, '.', node->key->text.len) != NULL)
        diag_add(s->diags, node->key->place, "expected a feed's name such as 'people', found %s",
                 node_found(node->key).text);
    if (!scenario_read_keys(s, node, "'{ file: people.csv }'", &context) || feed->file != NULL)
        return;
    bool is_given = false;
    for (const struct node *n = node->first; n != NULL; n = n->next)
        is_given = is_given || span_equal(n->key->text, span_of(name));
    if (!is_given && !scenario_is_mistyped(node, &name, 1))
        diag_add(s->diags, node->key->place, "expected 'file' in the feed %s, found none",
                 diag_quote(node->key->text).text);
}

void scenario_read_feeds(struct scenario *s, const struct node *value)
{
    if (!scenario_read_mapping(s, value, "feeds such as '{ people: { file: people.csv } }'"))
        return;
    struct scenario_feed *feeds =
        scenario_alloc_items(s, value, SCENARIO_FEEDS_MAX, "feeds", sizeof(*s->feeds));
    if (feeds == NULL)
        return;
    s->feeds = feeds;
    s->feed_count = 0; /* a key that is given twice is a mistake, but read */
    for (const struct node *node = value->first; node != NULL; node = node->next)
        read_feed(s, node, &s->feeds[s->feed_count++]);
}
