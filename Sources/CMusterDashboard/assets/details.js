// What a run was started with.

import { h } from "./dom.js";

/** Parameters, steps with their decorators, and the program of a run. */
export function details(run) {
  const parameters = Object.entries(run.parameters ?? {});
  return [
    panel("Parameters", parameters.length === 0 ? h("p", { class: "muted" }, "none")
      : h("dl", { class: "values" }, parameters.map(([name, value]) => pair(name, h("code", {}, text(value)))))),
    panel("Program", h("dl", { class: "values" },
      run.summary && pair("Summary", run.summary),
      run.program?.length > 0 && pair("Program", h("code", {}, run.program.join(" "))),
      run.language && pair("Language", run.language),
      run.package && pair("Code package", h("code", { class: "digest" }, run.package)),
      pair("Isolated", run.isIsolated ? "yes" : "no"))),
    panel("Steps", h("div", { class: "scroll" }, h("table", {},
      h("thead", {}, h("tr", {}, ["Step", "Place", "Decorators", "About"].map(title => h("th", { scope: "col" }, title)))),
      h("tbody", {}, run.steps.map(row)))), "wide"),
  ];
}

function panel(title, body, name = "") {
  return h("section", { class: `panel ${name}`, "aria-label": title }, h("h2", {}, title), body);
}

function pair(name, value) {
  return [h("dt", {}, name), h("dd", {}, value)];
}

function row(step) {
  const kinds = [step.isJoin && "join", step.isGang && "gang"].filter(Boolean);
  return h("tr", {},
    h("th", { scope: "row" }, step.name, kinds.map(each => h("span", { class: "chip" }, each))),
    h("td", {}, step.place ?? ""),
    h("td", {}, step.decorators.map(each => h("code", { class: "decorator" }, decorator(each)))),
    h("td", { class: "muted" }, step.summary ?? ""));
}

function decorator({ name, options = {} }) {
  const values = Object.entries(options).map(([key, value]) => `${key}=${text(value)}`);
  return `@${name}${values.length ? `(${values.join(", ")})` : ""}`;
}

function text(value) {
  return typeof value === "string" ? value : JSON.stringify(value);
}
