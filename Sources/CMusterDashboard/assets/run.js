// The page of one run.

import { api, go, page } from "./address.js";
import { follow } from "./api.js";
import { cancelButton } from "./cancel.js";
import { announce, h, put, section, throttled } from "./dom.js";
import { details } from "./details.js";
import { fact } from "./facts.js";
import { failures } from "./failure.js";
import { graph } from "./graph.js";
import { badge, setTitle } from "./states.js";
import { tagEditor } from "./tags.js";
import { agoElement, setClock, tookElement } from "./time.js";
import { timeline } from "./timeline.js";

const WIDE = 760;

/** Opens a run's page in `root`. */
export function openRun(root, address, { isReadOnly }) {
  const { flow, run: name } = address;
  const tasks = new Map();
  let query = address.query;
  let run = null;

  const place = { flow, run: name, isReadOnly };
  const head = h("div", { class: "head-main" });
  const tags = tagEditor({ ...place, onChange: changed => { run = { ...run, tags: changed }; } });
  const cancel = cancelButton(place);
  const cause = h("div", { class: "causes" });
  const picture = h("div", { class: "picture", tabindex: "-1" });
  const times = timeline(place);
  const more = h("div", { class: "details" });
  const body = h("div", { class: "run-body", hidden: true },
    h("div", { class: "page-head" }, head, cancel.element, tags.element), cause,
    h("section", { class: "panel", "aria-label": "Graph" }, picture), times.element, more);
  const note = h("div", { class: "notice" }, "loading …");
  put(root, note, body);
  setTitle(`${flow}/${name}`);

  const showHead = section(head);
  const showCause = section(cause);
  const showPicture = section(picture);
  const showMore = section(more);

  const show = throttled(() => {
    if (!run) return;
    note.hidden = true;
    body.hidden = false;
    showHead([run.status, run.created, run.finished, run.user, run.originRun, run.problem], () => header(run));
    tags.set(run.tags);
    cancel.set(run.status);
    showCause(run.failures ?? [], () => failures(run.failures, flow, name));
    drawGraph();
    times.set(run, [...tasks.values()]);
    times.choose(query);
    showMore([run.parameters, run.steps, run.program, run.package, run.language, run.isIsolated, run.summary], () => details(run));
  });

  function drawGraph() {
    const counts = new Map();
    const nodes = new Map();
    for (const task of tasks.values()) {
      const count = counts.get(task.step) ?? {};
      count[task.status] = (count[task.status] ?? 0) + 1;
      counts.set(task.step, count);
      nodes.set(task.step, Math.max(nodes.get(task.step) ?? 0, task.nodes ?? 1));
    }
    const room = picture.clientWidth;
    const isWide = room >= WIDE;
    showPicture([run.steps, [...counts], [...nodes], query, room], () => run.steps.length > 0 && graph({
      steps: run.steps, counts, nodes, chosen: query.step, isWide, room,
      address: step => page.run(flow, name, { ...query, step: query.step === step ? "" : step }),
    }));
  }

  function merge(answer) {
    if (answer.run !== name) {
      stop();
      go(page.run(answer.flow, answer.run, query), { replace: true });
      return;
    }
    setClock(answer.now);
    if (run && answer.status !== run.status) announce(`The run is ${answer.status} now.`);
    run = { ...answer, steps: (answer.steps ?? []).map(step => ({ decorators: [], ...step, edges: step.edges ?? [] })) };
    for (const task of answer.tasks ?? []) tasks.set(task.task, task);
    setTitle(`${flow}/${name}`, run.status);
    show();
  }

  const stop = follow({
    address: () => api.run(flow, name),
    onValue: merge,
    onRefusal: error => {
      note.hidden = false;
      put(note, h("h1", {}, "This run cannot be shown"), h("p", {}, error.message), h("a", { href: "/" }, "All runs"));
    },
  });
  const watcher = new ResizeObserver(() => show());
  watcher.observe(picture);

  return {
    search: times.search,
    key: times.key,
    update(next) {
      const isStep = next.query.step !== query.step;
      query = next.query;
      show();
      if (isStep && query.step) times.element.scrollIntoView({ block: "nearest" });
    },
    close() {
      stop();
      show.cancel();
      watcher.disconnect();
      times.close();
    },
  };
}

function header(run) {
  return [
    h("h1", {}, badge(run.status), h("span", { class: "title" }, run.flow, h("span", { class: "slash" }, "/"), h("span", { class: "mono" }, run.run))),
    h("dl", { class: "facts" },
      fact("Started", typeof run.created === "number" && agoElement(run.created)),
      (run.status === "running" || run.finished !== undefined) && fact("Took", tookElement(run.created, run.finished)),
      run.user && fact("User", h("a", { href: page.runs({ user: run.user }) }, run.user)),
      run.originRun && fact("Resumes", h("a", { href: page.run(run.flow, run.originRun), class: "mono" }, run.originRun))),
    run.problem && h("p", { class: "problem" }, run.problem),
  ];
}
