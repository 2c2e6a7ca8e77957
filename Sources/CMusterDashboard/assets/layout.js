// Where the boxes of a graph go: layers from its start, few crossings, nothing of the screen.

const SWEEPS = 6;

/**
 * Lays steps out in layers. Returns `{layers, edges}`: `layers[i]` is an array of vertices `{name, layer, order}` (one with
 * `isBend` is a point that a long edge passes), an edge is `{from, to, kind, isChoice, isBack, path}` with the vertices it
 * passes from its step to its target.
 */
export function layout(steps) {
  const names = new Set(steps.map(step => step.name));
  const edges = steps.flatMap(step => step.edges.flatMap(edge => edge.targets.filter(target => names.has(target)).map(target => (
    { from: step.name, to: target, kind: edge.kind, isChoice: step.edges.length > 1, isBack: false }))));
  const out = groupBy(edges, edge => edge.from);
  markBack(steps, out);
  const layer = layersOf(steps, edges.filter(edge => !edge.isBack));
  const vertices = new Map(steps.map(step => [step.name, { name: step.name, layer: layer.get(step.name), order: 0 }]));
  const layers = [];
  for (const vertex of vertices.values()) (layers[vertex.layer] ??= []).push(vertex);
  const links = [];
  for (const edge of edges) edge.path = bend(edge, vertices, layers, links);
  order(layers.filter(Boolean), links);
  return { layers: layers.filter(Boolean), edges };
}

// An edge that leads back to a step on the way here makes a loop.
function markBack(steps, out) {
  const state = new Map();
  for (const { name: root } of steps) {
    if (state.has(root)) continue;
    const stack = [[root, 0]];
    state.set(root, "open");
    while (stack.length) {
      const top = stack.at(-1);
      const edge = (out.get(top[0]) ?? [])[top[1]++];
      if (!edge) {
        state.set(top[0], "done");
        stack.pop();
      } else if (state.get(edge.to) === "open") {
        edge.isBack = true;
      } else if (!state.has(edge.to)) {
        state.set(edge.to, "open");
        stack.push([edge.to, 0]);
      }
    }
  }
}

// A step's layer is the longest way to it.
function layersOf(steps, edges) {
  const layer = new Map(steps.map(step => [step.name, 0]));
  const waits = new Map(steps.map(step => [step.name, 0]));
  for (const edge of edges) waits.set(edge.to, waits.get(edge.to) + 1);
  const out = groupBy(edges, edge => edge.from);
  const ready = steps.map(step => step.name).filter(name => waits.get(name) === 0);
  while (ready.length) {
    const name = ready.shift();
    for (const { to } of out.get(name) ?? []) {
      layer.set(to, Math.max(layer.get(to), layer.get(name) + 1));
      waits.set(to, waits.get(to) - 1);
      if (waits.get(to) === 0) ready.push(to);
    }
  }
  return layer;
}

function bend(edge, vertices, layers, links) {
  const from = vertices.get(edge.from);
  const to = vertices.get(edge.to);
  const path = [from];
  if (!edge.isBack) {
    for (let layer = from.layer + 1; layer < to.layer; layer++) {
      const vertex = { name: "", layer, order: 0, isBend: true };
      layers[layer].push(vertex);
      path.push(vertex);
    }
  }
  path.push(to);
  if (!edge.isBack) for (let index = 1; index < path.length; index++) links.push([path[index - 1], path[index]]);
  return path;
}

// Each vertex moves to the middle of its neighbours, layer by layer, forwards and back.
function order(layers, links) {
  const before = groupBy(links, link => link[1], link => link[0]);
  const after = groupBy(links, link => link[0], link => link[1]);
  const number = layer => layer.forEach((vertex, index) => { vertex.order = index - (layer.length - 1) / 2; });
  layers.forEach(number);
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    const isForward = sweep % 2 === 0;
    for (const layer of isForward ? layers : layers.toReversed()) {
      const near = isForward ? before : after;
      const middle = new Map(layer.map(vertex => {
        const all = near.get(vertex) ?? [];
        return [vertex, all.length ? all.reduce((sum, each) => sum + each.order, 0) / all.length : vertex.order];
      }));
      layer.sort((one, other) => middle.get(one) - middle.get(other));
      number(layer);
    }
  }
}

function groupBy(items, key, value = item => item) {
  const groups = new Map();
  for (const item of items) {
    if (!groups.has(key(item))) groups.set(key(item), []);
    groups.get(key(item)).push(value(item));
  }
  return groups;
}
