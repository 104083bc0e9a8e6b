// What a page does more with JavaScript: the reader's own time beside UTC, copying a table, opening what a link names.
"use strict";

const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
const local = (when, options) => new Intl.DateTimeFormat(undefined, { timeZone: zone, ...options }).format(when);

function addTitles() {
  for (const time of document.querySelectorAll("time[datetime]")) {
    const when = new Date(time.dateTime);
    if (!Number.isNaN(when.getTime())) time.title = `${local(when, { dateStyle: "medium", timeStyle: "medium" })} (${zone})`;
  }
}

// A moment where the reader is; with its day where that is not the one in UTC, or where the day is wanted.
function here(when, withDay = false) {
  const day = withDay || when.getDate() !== when.getUTCDate() ? `${local(when, { day: "numeric", month: "short" })} ` : "";
  return day + local(when, { timeStyle: "short" });
}

function addLocalTimes() {
  addTitles();
  addLocal();
  addYours();
}

// Beside the time in the bar, which is that of the page.
function addLocal() {
  const shown = document.querySelector(".bar .zone time");
  if (!shown) return;
  const when = new Date(shown.dateTime);
  let beside = document.querySelector(".bar .local");
  if (!beside && when.getTimezoneOffset() === 0) return;
  if (!beside) {
    beside = document.createElement("span");
    beside.className = "local";
    beside.dataset.own = "";
    shown.parentElement.append(beside);
  }
  beside.textContent = ` · ${here(when)} here`;
}

// Beside a window in UTC: whether that is the reader's own time is asked of each moment, for summer is not winter.
function addYours() {
  for (const yours of document.querySelectorAll(".yours")) {
    const times = [...yours.parentElement.querySelectorAll("time")].filter((time) => time.compareDocumentPosition(yours) & Node.DOCUMENT_POSITION_FOLLOWING);
    const moments = times.map((time) => new Date(time.dateTime));
    if (moments.every((when) => when.getTimezoneOffset() === 0)) continue;
    const inDays = new Set(moments.map((when) => when.toDateString())).size > 1;
    yours.textContent = ` (${moments.map((when) => here(when, inDays)).join(" – ")} your time)`;
  }
}

function tableText(table) {
  const cell = (td) => td.textContent.replace(/\s+/g, " ").trim(); // innerText leaves out what is not laid out yet
  return [...table.rows].map((row) => [...row.cells].map(cell).join("\t")).join("\n");
}

function addCopying() {
  if (!navigator.clipboard) return;
  for (const button of document.querySelectorAll("[data-copy]")) {
    button.hidden = false;
    button.addEventListener("click", async () => {
      const table = document.querySelector(button.dataset.copy);
      await navigator.clipboard.writeText(tableText(table));
      button.textContent = `Copied ${table.tBodies[0].rows.length} rows`;
    });
  }
}

function openTarget() {
  const target = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  const folded = target && (target.querySelector(":scope > details") || target.closest("details"));
  if (folded && !folded.open) { folded.open = true; target.scrollIntoView(); }
}

// On a phone the parts are folded, but for the one that the address names; figures in folds are drawn when they open.
function foldParts() {
  if (innerWidth >= 720) return;
  for (const part of document.querySelectorAll("details.part")) if (!part.querySelector(":target")) part.open = false;
}

// A name that is given once is meant everywhere on the page, also when the page is renewed.
function shareAuthor() {
  const authors = () => [...document.querySelectorAll("input[name=author]")];
  const share = (given) => { for (const other of authors()) if (other.value !== given.value) other.value = given.value; };
  document.addEventListener("input", ({ target }) => { if (target.name === "author") share(target); });
  document.addEventListener("page-updated", () => {
    const given = authors().find((each) => each.type !== "hidden" && each.value !== each.defaultValue);
    if (given) share(given);
  });
}

// Who was overtaken has their own text before them: to discard it brings the one that stands there now.
function discardToCurrent() {
  for (const area of document.querySelectorAll("textarea[data-now]")) {
    const typed = area.value;
    area.defaultValue = area.dataset.now;
    area.value = typed;
  }
}

// A text that takes long to write is kept in this tab until it is saved, with what its author knew: meanwhile a session may
// end, and others may write.
function keepTyped() {
  const words = (text) => text.replace(/\s+/g, " ").trim();
  for (const area of document.querySelectorAll("textarea[data-kept]")) {
    const key = `typed:${location.pathname}#${area.id}`;
    const based = area.form.elements.based_on;
    const current = based.value;
    const back = area.form.querySelector("[data-back]");
    const keep = () => sessionStorage.setItem(key, JSON.stringify({ text: area.value, based_on: based.value }));
    const overtaken = area.dataset.now !== undefined;
    if (overtaken) keep(); // now both texts are known
    const typed = JSON.parse(sessionStorage.getItem(key));
    if (!typed || words(typed.text) === words(area.defaultValue)) {
      sessionStorage.removeItem(key);
    } else {
      area.value = typed.text;
      based.value = typed.based_on;
      area.closest("details").open = true;
      back.hidden = overtaken;
    }
    area.addEventListener("input", keep);
    area.form.addEventListener("reset", () => { sessionStorage.removeItem(key); based.value = current; back.hidden = true; });
  }
}

// On paper nothing is folded, and a link says where it leads.
function preparePrinting() {
  let folded = [];
  addEventListener("beforeprint", () => {
    folded = [...document.querySelectorAll("details.part:not([open])")];
    for (const part of folded) part.open = true;
    for (const link of document.querySelectorAll("main a[href]")) link.dataset.address = link.href;
  });
  addEventListener("afterprint", () => { for (const part of folded) part.open = false; });
}

foldParts();
shareAuthor();
preparePrinting();
addLocalTimes();
addCopying();
document.addEventListener("page-updated", addLocalTimes);
openTarget();
addEventListener("hashchange", openTarget);
const lookedAt = document.querySelector(".looked-at");
if (lookedAt && !location.hash) lookedAt.scrollIntoView({ block: "center", behavior: "instant" });
discardToCurrent();
keepTyped(); // last: a browser may refuse to keep anything
