/* markup — texts that somebody else wrote, put into HTML, XML and Markdown so that they stay texts.
 */
#ifndef SQUALL_STATS_REPORT_MARKUP_H
#define SQUALL_STATS_REPORT_MARKUP_H

struct sink;

/* For content and quoted attributes of HTML and XML. Bytes that are no visible characters become
 * \xNN. */
void markup_write(struct sink *out, const char *text);

/* For a cell of a Markdown table: a code span, in which nothing is a link, a mention or a cell of
 * its own; '|', '`' and bytes that are no visible characters become \xNN. */
void markup_write_code(struct sink *out, const char *text);

/* For sentences in Markdown: characters that it may take for more than themselves become entities.
 */
void markup_write_plain(struct sink *out, const char *text);

#endif
