// A run's tags.

import { api, page } from "./address.js";
import { post } from "./api.js";
import { h, put } from "./dom.js";

/** An editor of a run's tags: `{element, set(tags)}`. `onChange` gets the tags after a change. */
export function tagEditor({ flow, run, isReadOnly, onChange }) {
  const list = h("ul", { class: "tags", "aria-label": "Tags" });
  const problem = h("span", { class: "problem", role: "alert" });
  const input = h("input", {
    class: "tag-input", placeholder: "add a tag", "aria-label": "Add a tag", autocomplete: "off", spellcheck: "false",
  });
  let shown;

  async function send(change) {
    problem.textContent = "";
    try {
      const { tags } = await post(api.tags(flow, run), change);
      onChange(tags);
      set(tags);
      return true;
    } catch (error) {
      problem.textContent = error.message;
      return false;
    }
  }

  async function add(event) {
    event.preventDefault();
    const tag = input.value.trim();
    if (tag && await send({ add: [tag], remove: [] })) input.value = "";
  }

  function set(tags = []) {
    if (JSON.stringify(tags) === shown) return;
    shown = JSON.stringify(tags);
    put(list, tags.map(tag => h("li", { class: "tag" },
      h("a", { href: page.runs({ tag }), title: "Runs with this tag" }, tag),
      !isReadOnly && h("button", {
        type: "button", class: "remove", "aria-label": `Remove the tag ${tag}`, title: "Remove",
        onclick: () => send({ add: [], remove: [tag] }),
      }, "×"))));
  }

  return {
    element: h("div", { class: "tag-editor" }, list,
      !isReadOnly && h("form", { onsubmit: add }, input, h("button", { type: "submit", class: "unseen" }, "Add the tag")), problem),
    set,
  };
}
