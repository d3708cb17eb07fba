#include "tools/viewer/report_page.h"

#include <errno.h>

#include "stats/report/html.h"
#include "tools/viewer/assets.h"

int report_page(char **ret_text, const struct stored *s)
{
    const struct asset *page = asset_find("report.html");
    const struct asset *style = asset_find("app.css");
    const struct asset *script = asset_find("app.js");

    if (page == NULL || style == NULL || script == NULL)
        return -ENOENT;
    const struct html_parts parts = {
        .page = (const char *)page->bytes,
        .page_size = page->size,
        .style = (const char *)style->bytes,
        .style_size = style->size,
        .script = (const char *)script->bytes,
        .script_size = script->size,
    };
    return report_html(ret_text, s, &parts);
}
