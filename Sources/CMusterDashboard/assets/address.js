// Addresses of the page and of the API.

const part = encodeURIComponent;

function query(values) {
  const pairs = Object.entries(values).filter(([, value]) => value !== undefined && value !== null && value !== "");
  // A space as `%20`, which means the same to every server.
  return pairs.length ? `?${String(new URLSearchParams(pairs)).replaceAll("+", "%20")}` : "";
}

/** The page's addresses. */
export const page = {
  runs: (values = {}) => `/${query(values)}`,
  run: (flow, run, values = {}) => `/runs/${part(flow)}/${part(run)}${query(values)}`,
  task: (flow, run, task, values = {}) => `/runs/${part(flow)}/${part(run)}/tasks/${part(task)}${query(values)}`,
};

/** The API's addresses. */
export const api = {
  store: () => "/api/store",
  runs: (values = {}) => `/api/runs${query(values)}`,
  run: (flow, run, values = {}) => `/api${page.run(flow, run, values)}`,
  cancel: (flow, run) => `/api${page.run(flow, run)}/cancel`,
  tags: (flow, run) => `/api${page.run(flow, run)}/tags`,
  task: (flow, run, task, values = {}) => `/api${page.task(flow, run, task, values)}`,
  log: (flow, run, task, values = {}) => `/api${page.task(flow, run, task)}/log${query(values)}`,
  artifacts: (flow, run, task, values = {}) => `/api${page.task(flow, run, task)}/artifacts${query(values)}`,
  artifact: (flow, run, task, name, values = {}) => `/api${page.task(flow, run, task)}/artifacts/${part(name)}${query(values)}`,
  card: (flow, run, task, node, name, values = {}) =>
    `/api${page.task(flow, run, task)}/cards/${part(node)}/${part(name)}${query(values)}`,
};

/** What an address of the page asks for: `{view, flow, run, task, query}`. */
export function parse(location) {
  const values = Object.fromEntries(new URLSearchParams(location.search));
  let parts;
  try {
    parts = location.pathname.split("/").filter(Boolean).map(decodeURIComponent);
  } catch {
    return { view: "missing", query: values };
  }
  if (parts.length === 0) return { view: "runs", query: values };
  if (parts[0] === "runs" && parts.length === 3) return { view: "run", flow: parts[1], run: parts[2], query: values };
  if (parts[0] === "runs" && parts.length === 5 && parts[3] === "tasks") {
    return { view: "task", flow: parts[1], run: parts[2], task: parts[4], query: values };
  }
  return { view: "missing", query: values };
}

/** Goes to an address of the page, as a link would. */
export function go(address, { replace = false } = {}) {
  if (address === location.pathname + location.search) return;
  history[replace ? "replaceState" : "pushState"]({}, "", address);
  window.dispatchEvent(new Event("go"));
}

/** Changes values in the address's query; an empty one is left out. */
export function change(values, { replace = false } = {}) {
  const { query: old } = parse(location);
  go(location.pathname + query({ ...old, ...values }), { replace });
}
