// A task's cards: each is a page of its own, shut in a frame that may run its scripts and reach nothing.

import { api, change } from "./address.js";
import { h, put } from "./dom.js";

/** The cards tab: `{element, update(task, query), close()}`. */
export function openCards(place, firstTask, firstQuery) {
  const chooser = h("div", { class: "chips", role: "group", "aria-label": "Cards" });
  const body = h("div", { class: "card-body" });
  const element = h("div", {}, chooser, body);
  let shown = "";

  function update(task, query) {
    const cards = task.cards ?? [];
    const key = card => `${card.node}/${card.name}`;
    const card = cards.find(each => key(each) === query.card) ?? cards[0];
    const title = each => `${each.type}${cards.some(other => other !== each && other.type === each.type && other.node === each.node) ? ` ${each.name}` : ""}${(task.nodes ?? 1) > 1 ? ` of node ${each.node}` : ""}`;
    put(chooser, cards.length > 1 && cards.map(each => h("button", {
      type: "button", class: "chip-button", "aria-pressed": String(each === card), onclick: () => change({ card: key(each) }),
    }, title(each))));
    const now = card ? `${key(card)} ${card.digest}` : "";
    if (now === shown && body.firstChild) return;
    shown = now;
    put(body, card ? h("iframe", {
      class: "card", sandbox: "allow-scripts", title: `Card ${title(card)}`, referrerpolicy: "no-referrer",
      src: api.card(place.flow, place.run, place.task, card.node, card.name),
    }) : h("p", { class: "muted pad" }, "No cards yet."));
  }

  update(firstTask, firstQuery);
  return { element, update, close() {} };
}
