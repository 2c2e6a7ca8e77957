// The button that cancels a run, which asks first.

import { api } from "./address.js";
import { post } from "./api.js";
import { h, put } from "./dom.js";

/** `{element, set(status)}`: the button is there while the run can be cancelled. */
export function cancelButton({ flow, run, isReadOnly }) {
  const element = h("div", { class: "cancel" });
  let canCancel = false;

  const offer = focus => {
    const button = h("button", { type: "button", class: "danger quiet-danger", onclick: confirm }, "Cancel run");
    put(element, canCancel && button);
    if (focus) button.focus();
  };

  function confirm() {
    const keep = h("button", { type: "button", onclick: () => offer(true) }, "Keep it");
    put(element, h("div", { class: "confirm", role: "alertdialog", "aria-label": "Cancel this run?", onkeydown: event => {
      if (event.key === "Escape") offer(true);
    } },
      h("span", {}, "Stop everything this run does?"),
      h("button", { type: "button", class: "danger", onclick: send }, "Yes, cancel the run"), keep));
    keep.focus();
  }

  async function send() {
    put(element, h("span", { class: "muted", role: "status" }, "cancelling …"));
    try {
      await post(api.cancel(flow, run), {});
      put(element);
    } catch (error) {
      offer(false);
      element.append(h("span", { class: "problem", role: "alert" }, error.message));
    }
  }

  return {
    element,
    set(status) {
      const can = !isReadOnly && (status === "running" || status === "interrupted");
      if (can === canCancel) return;
      canCancel = can;
      offer(false);
    },
  };
}
