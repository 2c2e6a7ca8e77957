// Requests, and streams of changes.

// A browser has six connections to a server for all its windows, so a window nobody sees holds none and asks now and then.
const SLOW_INTERVAL = 10_000;
const RETRY_INTERVALS = [500, 1000, 2000, 4000, 8000];

const lost = new Map();

/** An answer other than the one asked for. */
export class Refusal extends Error {
  constructor(status, code, message) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** The JSON at an address. */
export async function get(address, signal) {
  return answer(await fetch(address, { headers: { Accept: "application/json" }, signal }));
}

/** Sends JSON and returns the answer's. */
export async function post(address, body) {
  const headers = { "Content-Type": "application/json", Accept: "application/json" };
  return answer(await fetch(address, { method: "POST", headers, body: JSON.stringify(body) }));
}

async function answer(response) {
  let body;
  try {
    body = await response.json();
  } catch {
    throw new Refusal(response.status, "answer.unreadable", `the server answered ${response.status}`);
  }
  if (!response.ok) {
    const { code = "answer.refused", message = `the server answered ${response.status}` } = body.error ?? {};
    throw new Refusal(response.status, code, message);
  }
  return body;
}

/**
 * Follows a resource: `onValue` gets each event's JSON until `onOver`, or `onRefusal` if there is none. `address` is called
 * for each connection, so that it can say how far the last one came. Returns a function that ends it.
 */
export function follow({ address, onValue, onOver = () => {}, onRefusal = () => {} }) {
  const me = {};
  let source = null;
  let timer = 0;
  let failures = 0;
  let isEnded = false;

  const deliver = value => { setLost(me, false); onValue(value); };

  const disconnect = () => {
    clearTimeout(timer);
    source?.close();
    source = null;
  };

  const end = () => {
    isEnded = true;
    disconnect();
    setLost(me, false);
    document.removeEventListener("visibilitychange", connect);
  };

  const later = () => {
    timer = setTimeout(connect, RETRY_INTERVALS[Math.min(failures++, RETRY_INTERVALS.length - 1)]);
  };

  // An EventSource does not say why it was refused; a plain request does.
  const ask = async next => {
    try {
      const value = await get(address());
      if (!isEnded) deliver(value);
    } catch (error) {
      if (isEnded) return;
      if (error instanceof Refusal && error.status < 500) {
        end();
        onRefusal(error);
        return;
      }
      setLost(me, true);
    }
    if (!isEnded && !source) next();
  };

  function connect() {
    disconnect();
    if (isEnded) return;
    if (document.hidden) {
      ask(() => { timer = setTimeout(connect, SLOW_INTERVAL); });
      return;
    }
    const mine = new EventSource(address());
    source = mine;
    mine.onmessage = event => {
      if (source !== mine) return;
      failures = 0;
      clearTimeout(timer);
      deliver(JSON.parse(event.data));
    };
    // The server could not look. It does not say when it can again, so it is asked anew.
    mine.addEventListener("failure", event => {
      if (source !== mine) return;
      setLost(me, true, JSON.parse(event.data).message);
      clearTimeout(timer);
      timer = setTimeout(connect, SLOW_INTERVAL);
    });
    mine.addEventListener("over", () => {
      if (source !== mine) return;
      end();
      onOver();
    });
    mine.onerror = () => {
      if (source !== mine) return;
      disconnect();
      ask(later);
    };
  }

  document.addEventListener("visibilitychange", connect);
  connect();
  return end;
}

function setLost(one, isLost, why = "not connected; trying again") {
  if (isLost) lost.set(one, why);
  else lost.delete(one);
  const [text = ""] = lost.values();
  const element = document.getElementById("connection");
  if (element.textContent !== text) element.textContent = text;
}
