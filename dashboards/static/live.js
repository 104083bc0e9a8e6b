// Keeps a page up to date without moving what is being read: the page is fetched anew and laid over the one that is there.
// Text changes in place; new rows wait until they are asked for; scroll, focus, selection, open folds and typed text stay.
"use strict";

const MAIN = document.querySelector("main[data-live]");
const LEAST_MS = 2000; // between two fetches
const LONGEST_MS = 60_000; // for one of them
const LATE_MS = 8000; // without a connection, until that is said: the browser tries again every 3 seconds
const AGAIN_MS = 10_000;
let fetching = null; // what comes of the fetch that is under way
let due = null;
let fetched = 0;

const isTyped = (node) => "defaultValue" in node && node.type !== "hidden" && (node.value !== node.defaultValue || node === document.activeElement);
const selected = (node) => {
  const selection = getSelection();
  return selection && !selection.isCollapsed && selection.containsNode(node, true);
};
const keyOf = (node) => (node.dataset && node.dataset.key) || node.id || "";
const alike = (one, other) => one.nodeType === other.nodeType && one.nodeName === other.nodeName && keyOf(one) === keyOf(other);
const isOurs = (node) => node.nodeType === Node.ELEMENT_NODE && (node.dataset.own !== undefined || node.classList.contains("live"));
const KEPT = new Set(["open", "hidden", "title", "checked"]);
const NOT_TYPED = new Set(["hidden", "checkbox", "radio", "submit", "button"]);
// The value of a button is what it does, and changes with its words; only what people type is theirs.
const isKept = (node, name) => KEPT.has(name) || (name === "value" && node.nodeName === "INPUT" && !NOT_TYPED.has(node.type));

function layOver(old, fresh) {
  if (old.nodeType === Node.TEXT_NODE) {
    if (old.data !== fresh.data && !selected(old)) old.data = fresh.data;
    return;
  }
  if (old.nodeType !== Node.ELEMENT_NODE || isTyped(old) || old.classList.contains("yours") || old.isEqualNode(fresh)) return;
  for (const { name, value } of fresh.attributes) if (!isKept(old, name) && old.getAttribute(name) !== value && !(name === "class" && old.classList.contains("is-live"))) old.setAttribute(name, value);
  for (const { name } of [...old.attributes]) if (!isKept(old, name) && !fresh.hasAttribute(name)) old.removeAttribute(name);
  if (old.dataset.rows !== undefined) layRows(old, fresh);
  else layChildren(old, fresh);
}

function layChildren(old, fresh) {
  const there = [...old.childNodes].filter((node) => !isOurs(node));
  const coming = [...fresh.childNodes];
  let place = 0;
  for (const node of coming) {
    const same = there.findIndex((each, index) => index >= place && index < place + 8 && alike(each, node));
    if (same < 0) {
      old.insertBefore(document.importNode(node, true), there[place] || null);
      continue;
    }
    for (; place < same; place += 1) discard(there[place]);
    layOver(there[place], node);
    place += 1;
  }
  for (; place < there.length; place += 1) discard(there[place]);
}

function discard(node) {
  if (selected(node) || node.contains(document.activeElement)) return;
  node.remove();
}

// Rows are known by their keys: those that are there change in place, and the others wait.
function layRows(old, fresh) {
  const there = new Map([...old.children].map((row) => [row.dataset.key, row]));
  const coming = new Map([...fresh.children].map((row) => [row.dataset.key, row]));
  for (const [key, row] of coming) if (there.has(key)) layOver(there.get(key), row);
  const fresher = [...coming.keys()].filter((key) => !there.has(key)).length;
  const gone = [...there.keys()].filter((key) => !coming.has(key));
  for (const [key, row] of there) row.classList.toggle("gone", !coming.has(key));
  offer(old, fresh, fresher, gone.length);
}

function offer(list, fresh, fresher, gone) {
  const frame = list.closest("table") || list;
  let offered = frame.previousElementSibling;
  if (!offered || !offered.classList.contains("waiting")) offered = null;
  if (!fresher && !gone) {
    if (offered) offered.remove();
    return;
  }
  if (!offered) {
    offered = document.createElement("div");
    offered.className = "waiting";
    offered.dataset.own = "";
    const made = document.createElement("button");
    made.type = "button";
    offered.append(made);
    frame.before(offered);
  }
  const button = offered.firstElementChild;
  const words = [fresher && `${fresher} new`, gone && `${gone} no longer here`].filter(Boolean).join(", ");
  if (button.textContent !== words) button.textContent = words;
  button.onclick = () => {
    const there = new Map([...list.children].map((row) => [row.dataset.key, row]));
    list.replaceChildren(...[...fresh.children].map((row) => there.get(row.dataset.key) || document.importNode(row, true)));
    offered.remove();
    document.dispatchEvent(new Event("page-updated"));
  };
}

function refresh() {
  if (fetching) { due = true; return fetching; }
  fetched = Date.now();
  fetching = renew().finally(() => {
    fetching = null;
    if (due) { due = null; soon(); }
  });
  return fetching;
}

// Says why the page could not be renewed; null if it was.
async function renew() {
  let refused;
  try {
    const answer = await fetch(location.href, { cache: "no-store", redirect: "manual", headers: { Accept: "text/html" }, signal: AbortSignal.timeout(LONGEST_MS) });
    refused = refusal(answer);
    if (!refused) layPage(new DOMParser().parseFromString(await answer.text(), "text/html"));
  } catch {
    refused = NO_ANSWER;
  }
  tell(refused || (isLate ? RENEWED : null));
  return refused;
}

function layPage(fresh) {
  const main = fresh.querySelector("main");
  const held = MAIN.querySelector(".slots");
  const stood = held && held.getBoundingClientRect().top;
  if (main) layChildren(MAIN, main);
  if (held && stood > 0 && stood < innerHeight) hold(held, stood);
  document.title = fresh.title;
  const [clock, fresher] = [document, fresh].map((each) => each.querySelector(".bar .zone time"));
  if (clock && fresher) layOver(clock, fresher);
  document.dispatchEvent(new Event("page-updated"));
}

// Buttons stay under the thumb when there is more or less to say above them.
function hold(held, stood) {
  const moved = () => held.getBoundingClientRect().top - stood;
  scrollBy({ top: moved(), behavior: "instant" });
  held.style.marginTop = `${Math.max(0, -moved())}px`; // at the top of the page there is nothing to scroll back to
}

function soon() {
  if (document.hidden) { due = true; return; }
  setTimeout(refresh, Math.max(0, LEAST_MS - (Date.now() - fetched)) + Math.random() * 300);
}

// Why the page is not live: words, and an address where they say what to do.
const NO_NEWS = { words: "no news come" };
const RENEWED = { words: `no news come, the page is renewed every ${AGAIN_MS / 1000} seconds` };
const NO_ANSWER = { words: "the service does not answer" };
const logIn = () => ({ words: "log in again", href: `/login?next=${encodeURIComponent(location.pathname + location.search)}` });

// The page is asked for by its own address: it leads elsewhere only where one has to log in. The login page is not fetched,
// as that would spoil one that is open in another tab.
function refusal(answer) {
  if (answer.type === "opaqueredirect") return logIn();
  return answer.ok ? null : { words: `the service answers ${answer.status}` };
}

function reasonOf(why) {
  const reason = document.createElement(why.href ? "a" : "span");
  reason.textContent = why.words;
  if (why.href) reason.href = why.href;
  return reason;
}

function tell(why) {
  let state = document.querySelector(".not-live > [role=status]");
  if (!why) { if (state) state.parentElement.remove(); return; }
  if (!state) {
    const cover = document.createElement("div");
    cover.className = "not-live";
    state = document.createElement("span");
    state.setAttribute("role", "status");
    state.dataset.since = (lost || new Date()).toISOString().slice(11, 16);
    cover.append(state);
    document.querySelector(".bar").before(cover);
  }
  const reason = reasonOf(why);
  if (state.lastElementChild && state.lastElementChild.isEqualNode(reason)) return; // it is not read out again
  state.replaceChildren(`not live since ${state.dataset.since} UTC: `, reason);
}

let news = null; // the connection
let lost = null; // since when there is none
let isLate = false; // for so long that it was said
let [late, again, asked] = [0, 0, 0];

function follow() {
  leave();
  news = new EventSource("/api/v1/events");
  for (const kind of ["incident", "change", "pass", "reset"]) news.addEventListener(kind, come);
  news.addEventListener("open", found);
  news.addEventListener("error", () => {
    lose();
    if (news.readyState === EventSource.CLOSED) again = setTimeout(follow, AGAIN_MS);
  });
  late ||= setTimeout(miss, LATE_MS);
}

function leave() {
  clearTimeout(again);
  if (news) news.close();
}

function pause() {
  leave();
  clearTimeout(late);
  [lost, late] = [lost || new Date(), 0];
}

function resume() {
  lost ||= new Date();
  follow();
}

function come() {
  if (Date.now() - asked < 1000) return; // several pieces of news at a time
  asked = Date.now();
  soon();
}

function lose() {
  lost ||= new Date();
  late ||= setTimeout(miss, LATE_MS);
}

// Says so at once; then the page is asked for, which tells why, and what is new meanwhile.
function miss() {
  lost ||= new Date(Date.now() - LATE_MS);
  if (!isLate) tell(NO_NEWS);
  isLate = true;
  soon();
  late = setTimeout(miss, AGAIN_MS);
}

function found() {
  clearTimeout(late);
  if (lost) soon(); // for the news of that time; it takes back what was said
  [lost, isLate, late] = [null, false, 0];
}

// A window chosen in a figure, by its address: the whole page shows it, and Back goes back.
document.addEventListener("window-chosen", ({ detail }) => {
  const url = new URL(location.href);
  url.searchParams.set("from", detail.from);
  url.searchParams.set("to", detail.to);
  if (!MAIN) { location.assign(url); return; }
  history.pushState(null, "", url);
  refresh();
});

if (MAIN) {
  addEventListener("popstate", refresh);
  document.addEventListener("visibilitychange", () => { if (!document.hidden && due) { due = null; soon(); } });
  addEventListener("load", () => setTimeout(follow, 0));
  addEventListener("online", resume);
  addEventListener("pagehide", pause);
  addEventListener("pageshow", ({ persisted }) => { if (persisted) resume(); });
}
