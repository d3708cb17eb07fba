/* paragraph — a label and running text beside it, wrapped at blanks to the width of the terminal.
 */
#ifndef SQUALL_STATS_REPORT_PARAGRAPH_H
#define SQUALL_STATS_REPORT_PARAGRAPH_H

#include "stats/report/report.h"
#include "stats/report/tone.h"

struct sink;

/* Writes " label   text", further lines under the text; a word wider than a line is broken. `label`
 * NULL: the text begins at the left. `text` must be harmless (see glyph_write_visible); a TAB in it
 * is a blank where no line breaks. It is emptied, ready for the next paragraph. */
void paragraph_write(struct sink *out, const struct report_text_style *style, const char *label,
                     enum tone tone, struct sink *text);

#endif
