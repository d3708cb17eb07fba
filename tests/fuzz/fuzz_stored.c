/* Any bytes as a stored run: what is refused is refused in one line, what is read can be drawn in
 * every form, and no form has a byte that a terminal, a table or a parser would take for more than
 * a text. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "stats/report/comparison.h"
#include "stats/report/csv.h"
#include "stats/report/hlog.h"
#include "stats/report/html.h"
#include "stats/report/junit.h"
#include "stats/report/markdown.h"
#include "tests/fuzz/replay.h"

#define COUNTS "\"count\":1,\"ok\":1,\"failed\":0,\"bytes_in\":1,\"bytes_out\":1"
#define HEAD   "{\"schema\":\"squall/1\",\"total\":{" COUNTS "},"

const struct span replay_seeds[] = {
    SPAN_LITERAL(HEAD "\"requests\":[]}"),
    SPAN_LITERAL(HEAD
                 "\"version\":\"=1\",\"started_at\":\"2026-01-01T00:00:00Z\",\"duration_s\":1e3,"
                 "\"load\":{\"rate\":5,\"users\":null},\"interrupted\":true}"),
    SPAN_LITERAL(HEAD "\"requests\":[{\"method\":\"GET\",\"name\":\"/<|`\\u001b\",\"count\":2,"
                      "\"ok\":1,\"failed\":1,\"bytes_in\":0,\"bytes_out\":0,\"rps\":0.5,"
                      "\"latency_us\":{\"min\":1.0,\"p50\":2,\"p99\":1e99},"
                      "\"confidence\":{\"p50\":{\"low_us\":1,\"high_us\":null}}}],"
                      "\"failures\":[{\"method\":\"GET\",\"name\":\"/<|`\\u001b\",\"class\":\"&\","
                      "\"message\":\"-1\\r\\n\\u2028\",\"count\":1}]}"),
    SPAN_LITERAL(HEAD "\"expectations\":[{\"expr\":\"p99<1\",\"value_us\":9,\"holds\":false}],"
                      "\"generator\":{\"verdict\":\"ok\",\"reasons\":[\"a\"],\"bottleneck\":\"b\"},"
                      "\"accounting\":{\"scheduled\":9,\"dropped\":1,\"not_sent\":1,"
                      "\"balanced\":false},\"command\":[\"a b\",\"'\",7]}"),
};
const size_t replay_seed_count = sizeof(replay_seeds) / sizeof(replay_seeds[0]);

static void require(bool holds)
{
    if (!holds)
        abort();
}

/* Nothing below a blank but ends of lines. */
static void require_harmless(char *text)
{
    for (const char *c = text; *c != '\0'; c++)
        require((unsigned char)*c >= ' ' || *c == '\n' || *c == '\r');
    free(text);
}

static int draw_page(char **ret_text, const struct stored *s)
{
    static const char page[] = "<link rel=\"stylesheet\" href=\"app.css\">"
                               "<script type=\"application/json\" id=\"squall-result\"></script>"
                               "<script src=\"app.js\" defer></script>";

    return report_html(ret_text, s,
                       &(struct html_parts){
                           .page = page,
                           .page_size = sizeof(page) - 1u,
                           .style = "",
                           .script = "",
                       });
}

static void draw_all(const struct stored *s)
{
    static int (*const draws[])(char **, const struct stored *) = {
        csv_stats,          csv_failures,       report_markdown, report_junit,
        report_hlog_stored, report_json_stored, draw_page,
    };

    for (size_t i = 0; i < sizeof(draws) / sizeof(draws[0]); i++) {
        char *text = NULL;
        require(draws[i](&text, s) == 0);
        require_harmless(text);
    }
}

static int write_text(char **ret_text, const struct comparison *c)
{
    return comparison_text(ret_text, c, &(struct report_text_style){ .columns = 80 });
}

static void compare(const struct stored *s)
{
    static int (*const writes[])(char **, const struct comparison *) = {
        write_text, comparison_json, comparison_markdown, comparison_html
    };
    struct comparison *c = NULL;

    require(comparison_make(&c, s, s) == 0);
    require(c->change_count == 0);
    for (size_t i = 0; i < sizeof(writes) / sizeof(writes[0]); i++) {
        char *text = NULL;
        require(writes[i](&text, c) == 0);
        require_harmless(text);
    }
    comparison_close(c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct stored_fault fault = { "" };
    struct stored *s = NULL;
    const int rc = stored_read(&s, (const char *)data, size, &fault);

    require(rc == 0 || rc == -EBADMSG);
    if (rc != 0) {
        require(fault.sentence[0] != '\0' && strchr(fault.sentence, '\n') == NULL);
        return 0;
    }
    draw_all(s);
    compare(s);
    stored_close(s);
    return 0;
}
