"""The cells of a notebook that reads the runs of the flows in this folder."""

from metaflow import Flow, Metaflow, get_metadata, namespace

print("Current metadata provider: %s" % get_metadata())
run = Flow("MovieStatsFlow").latest_successful_run
medians = sorted((found["quartiles"][1], genre) for genre, found in run.data.statistics.items())
print("The genre that earned most: %s" % medians[-1][1])
print("The last movie: %s" % [line for line in run.data.movies.split("\n") if line][-1])

namespace(None)
for flow in sorted(Metaflow(), key=lambda each: each.id):
    last = flow.latest_run
    print("{:<17} Last run: {} Successful: {}".format(flow.id, last.finished_at.year > 2000, last.successful))
for each in Flow("HelloCloudFlow").runs():
    print("Run id: {}, Successful: {}, Tags: {}".format(each.id.isdigit(), each.successful, "user:" in str(sorted(each.tags))))
