// Why something failed: the first thing that is read.

import { page } from "./address.js";
import { h } from "./dom.js";
import { icon } from "./states.js";

const SIGNALS = {
  1: "SIGHUP", 2: "SIGINT", 3: "SIGQUIT", 4: "SIGILL", 6: "SIGABRT", 7: "SIGBUS", 8: "SIGFPE", 9: "SIGKILL", 10: "SIGUSR1",
  11: "SIGSEGV", 12: "SIGUSR2", 13: "SIGPIPE", 14: "SIGALRM", 15: "SIGTERM", 24: "SIGXCPU", 25: "SIGXFSZ",
};

/** A panel about one failure. `place` is `{flow, run, task, step, attempt}`. */
export function failurePanel(failure, place, { title = "" } = {}) {
  const { flow, run, task, step, attempt } = place;
  const node = failure.node;
  const log = page.task(flow, run, task, { attempt, tab: "log", node });
  return h("section", { class: "failure", "aria-label": "Cause of the failure" },
    h("div", { class: "failure-head" },
      icon("failed"),
      h("span", { class: "failure-title" }, title || "Failed"),
      h("a", { href: page.task(flow, run, task, { attempt }) }, node === undefined ? `${step}/${task}` : `${step}/${task}[${node}]`),
      node !== undefined && h("span", { class: "chip bad" }, `node ${node}`),
      failure.process && h("span", { class: "chip bad" }, `process ${failure.process}`),
      failure.exitCode !== undefined && h("span", { class: "chip bad" }, `exit code ${failure.exitCode}`),
      failure.signal !== undefined && h("span", { class: "chip bad" }, signalName(failure.signal)),
      h("span", { class: "chip" }, failure.code),
      attempt > 0 && !title && h("span", { class: "chip" }, `attempt ${attempt + 1}`),
      h("span", { class: "spring" }),
      h("a", { href: log, class: "button" }, node === undefined ? "Open the log" : `Open node ${node}’s log`)),
    h("p", { class: "failure-message" }, failure.message),
    lastLines(failure),
    trace(failure));
}

function lastLines({ lastLines: lines }) {
  if (!lines?.length) return null;
  const element = h("pre", { class: "last-lines", tabindex: "0", "aria-label": "Last lines" }, lines.join("\n"));
  requestAnimationFrame(() => { element.scrollTop = element.scrollHeight; });
  return element;
}

function trace({ exception, lastLines: lines = [] }) {
  if (!exception?.trace) return null;
  return h("details", { class: "trace", open: lines.length === 0 },
    h("summary", {}, "Stack trace"), h("pre", { tabindex: "0" }, exception.trace));
}

function signalName(number) {
  return SIGNALS[number] ? `${SIGNALS[number]} (${number})` : `signal ${number}`;
}

/** The failures of a run, the cause in full and the others behind it. */
export function failures(list, flow, run) {
  if (!list?.length) return [];
  const [cause, ...others] = list;
  const panel = each => failurePanel(each.failure, { flow, run, ...each });
  return [
    panel(cause),
    others.length > 0 && h("details", { class: "more-failures" },
      h("summary", {}, others.length === 1 ? "One more failure" : `${others.length} more failures`), others.map(panel)),
  ];
}
