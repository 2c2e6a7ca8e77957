// Facts in a page's header.

import { h } from "./dom.js";

/** A name and its value. */
export function fact(name, ...value) {
  return h("div", {}, h("dt", {}, name), h("dd", {}, value));
}
