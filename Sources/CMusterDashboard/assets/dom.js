// Elements. Text from outside is only ever set as text; nothing here takes markup.

const SVG = "http://www.w3.org/2000/svg";

/** An element of HTML. Properties that start with `on` are listeners; `true` sets a bare attribute; `null` and `false` set none. */
export function h(tag, properties = {}, ...children) {
  return fill(document.createElement(tag), properties, children);
}

/** An element of SVG. */
export function svg(tag, properties = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), properties, children);
}

function fill(element, properties, children) {
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "value") element.value = value;
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.flat(Infinity).filter(isShown));
  return element;
}

function isShown(child) {
  return child !== null && child !== undefined && child !== false && child !== "";
}

/** Replaces what an element holds. */
export function put(element, ...children) {
  element.replaceChildren(...children.flat(Infinity).filter(isShown));
}

/** A function that fills `element` again only when the key has changed, and then changes only what differs. */
export function section(element) {
  let shown;
  return (key, build) => {
    const text = JSON.stringify(key);
    if (text === shown) return;
    shown = text;
    const made = element.cloneNode(false);
    put(made, build());
    patch(element, made);
  };
}

// Makes what `old` holds the same as what `made` holds. Elements stay where they can, and with them focus, selection and a
// click that has begun.
function patch(old, made) {
  const wanted = [...made.childNodes];
  wanted.forEach((child, index) => {
    const there = old.childNodes[index];
    if (!there) old.append(child);
    else if (!isAlike(there, child)) there.replaceWith(child);
    else if (child.nodeType === Node.TEXT_NODE) {
      if (there.data !== child.data) there.data = child.data;
    } else if (child.dataset.tick === undefined) {
      patchAttributes(there, child);
      patch(there, child);
    }
  });
  while (old.childNodes.length > wanted.length) old.lastChild.remove();
}

function isAlike(one, other) {
  if (one.nodeType !== other.nodeType || one.nodeName !== other.nodeName) return false;
  return one.nodeType === Node.TEXT_NODE || (one.id === other.id && one.dataset.tick === other.dataset.tick);
}

function patchAttributes(old, made) {
  for (const { name, value } of made.attributes) if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  for (const { name } of [...old.attributes]) {
    // Whether details are open is the reader's choice.
    if (!made.hasAttribute(name) && name !== "open") old.removeAttribute(name);
  }
}

/** Puts calls together: `work` runs at most once in `interval` milliseconds, and at last with the newest state. */
export function throttled(work, interval = 150) {
  let timer = 0;
  let last = 0;
  const run = () => { timer = 0; last = performance.now(); work(); };
  const call = () => {
    if (timer) return;
    timer = setTimeout(run, Math.max(0, interval - (performance.now() - last)));
  };
  call.isWaiting = () => timer !== 0;
  call.cancel = () => { clearTimeout(timer); timer = 0; };
  return call;
}

/** Says something to screen readers. */
export function announce(text) {
  document.getElementById("announcer").textContent = text;
}

/** A count of things in words: "1 node", "3 nodes". */
export function count(number, noun) {
  return `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;
}
