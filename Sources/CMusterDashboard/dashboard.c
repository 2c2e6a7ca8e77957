#include "CMusterDashboard.h"

#pragma clang diagnostic ignored "-Wc23-extensions"

static const char address_js[] = {
#embed "assets/address.js"
};
static const char ansi_js[] = {
#embed "assets/ansi.js"
};
static const char api_js[] = {
#embed "assets/api.js"
};
static const char app_js[] = {
#embed "assets/app.js"
};
static const char artifacts_js[] = {
#embed "assets/artifacts.js"
};
static const char cancel_js[] = {
#embed "assets/cancel.js"
};
static const char cards_js[] = {
#embed "assets/cards.js"
};
static const char details_js[] = {
#embed "assets/details.js"
};
static const char dom_js[] = {
#embed "assets/dom.js"
};
static const char facts_js[] = {
#embed "assets/facts.js"
};
static const char failure_js[] = {
#embed "assets/failure.js"
};
static const char favicon_failed_svg[] = {
#embed "assets/favicon-failed.svg"
};
static const char favicon_running_svg[] = {
#embed "assets/favicon-running.svg"
};
static const char favicon_stopped_svg[] = {
#embed "assets/favicon-stopped.svg"
};
static const char favicon_succeeded_svg[] = {
#embed "assets/favicon-succeeded.svg"
};
static const char favicon_svg[] = {
#embed "assets/favicon.svg"
};
static const char gang_js[] = {
#embed "assets/gang.js"
};
static const char graph_js[] = {
#embed "assets/graph.js"
};
static const char index_html[] = {
#embed "assets/index.html"
};
static const char layout_js[] = {
#embed "assets/layout.js"
};
static const char log_js[] = {
#embed "assets/log.js"
};
static const char logline_js[] = {
#embed "assets/logline.js"
};
static const char logwindow_js[] = {
#embed "assets/logwindow.js"
};
static const char openapi_json[] = {
#embed "assets/openapi.json"
};
static const char rows_js[] = {
#embed "assets/rows.js"
};
static const char run_js[] = {
#embed "assets/run.js"
};
static const char runs_js[] = {
#embed "assets/runs.js"
};
static const char states_js[] = {
#embed "assets/states.js"
};
static const char style_css[] = {
#embed "assets/style.css"
};
static const char tags_js[] = {
#embed "assets/tags.js"
};
static const char task_js[] = {
#embed "assets/task.js"
};
static const char time_js[] = {
#embed "assets/time.js"
};
static const char timeline_js[] = {
#embed "assets/timeline.js"
};

#define ASSET(name, bytes) {name, bytes, sizeof(bytes)}

static const muster_dashboard_asset assets[] = {
    ASSET("address.js", address_js),
    ASSET("ansi.js", ansi_js),
    ASSET("api.js", api_js),
    ASSET("app.js", app_js),
    ASSET("artifacts.js", artifacts_js),
    ASSET("cancel.js", cancel_js),
    ASSET("cards.js", cards_js),
    ASSET("details.js", details_js),
    ASSET("dom.js", dom_js),
    ASSET("facts.js", facts_js),
    ASSET("failure.js", failure_js),
    ASSET("favicon-failed.svg", favicon_failed_svg),
    ASSET("favicon-running.svg", favicon_running_svg),
    ASSET("favicon-stopped.svg", favicon_stopped_svg),
    ASSET("favicon-succeeded.svg", favicon_succeeded_svg),
    ASSET("favicon.svg", favicon_svg),
    ASSET("gang.js", gang_js),
    ASSET("graph.js", graph_js),
    ASSET("index.html", index_html),
    ASSET("layout.js", layout_js),
    ASSET("log.js", log_js),
    ASSET("logline.js", logline_js),
    ASSET("logwindow.js", logwindow_js),
    ASSET("openapi.json", openapi_json),
    ASSET("rows.js", rows_js),
    ASSET("run.js", run_js),
    ASSET("runs.js", runs_js),
    ASSET("states.js", states_js),
    ASSET("style.css", style_css),
    ASSET("tags.js", tags_js),
    ASSET("task.js", task_js),
    ASSET("time.js", time_js),
    ASSET("timeline.js", timeline_js),
};

const muster_dashboard_asset *muster_dashboard_assets(void) { return assets; }

size_t muster_dashboard_asset_count(void) { return sizeof(assets) / sizeof(assets[0]); }
