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

function addLocalTimes() {
  const offset = new Date().getTimezoneOffset();
  addTitles();
  const bar = document.querySelector(".zone");
  if (bar && offset !== 0) {
    const here = document.createElement("span");
    here.className = "local";
    here.dataset.own = "";
    here.textContent = ` · ${local(new Date(), { timeStyle: "short" })} here`;
    bar.append(here);
  }
  addYours(offset);
}

function addYours(offset = new Date().getTimezoneOffset()) {
  for (const yours of document.querySelectorAll(".yours")) {
    const times = [...yours.parentElement.querySelectorAll("time")].filter((time) => time.compareDocumentPosition(yours) & Node.DOCUMENT_POSITION_FOLLOWING);
    if (offset !== 0) yours.textContent = ` (${times.map((time) => local(new Date(time.dateTime), { timeStyle: "short" })).join(" – ")} your time)`;
  }
}

function tableText(table) {
  const cell = (td) => td.innerText.replace(/\s+/g, " ").trim();
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

// A name that is given once is meant everywhere on the page.
function shareAuthor() {
  document.addEventListener("input", ({ target }) => {
    if (target.name !== "author") return;
    for (const other of document.querySelectorAll("input[name=author]")) if (other !== target) other.value = target.value;
  });
}

foldParts();
shareAuthor();
addLocalTimes();
addCopying();
document.addEventListener("page-updated", () => {
  addTitles();
  addYours();
});
openTarget();
addEventListener("hashchange", openTarget);
const lookedAt = document.querySelector(".looked-at");
if (lookedAt && !location.hash) lookedAt.scrollIntoView({ block: "center", behavior: "instant" });
