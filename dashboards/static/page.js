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
  addTitles();
  addLocal();
  addYours();
}

// Beside the time in the bar, which is that of the page.
function addLocal() {
  const shown = document.querySelector(".bar .zone time");
  if (!shown) return;
  const when = new Date(shown.dateTime);
  let here = document.querySelector(".bar .local");
  if (!here && when.getTimezoneOffset() === 0) return;
  if (!here) {
    here = document.createElement("span");
    here.className = "local";
    here.dataset.own = "";
    shown.parentElement.append(here);
  }
  here.textContent = ` · ${local(when, { timeStyle: "short" })} here`;
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

foldParts();
shareAuthor();
addLocalTimes();
addCopying();
document.addEventListener("page-updated", addLocalTimes);
openTarget();
addEventListener("hashchange", openTarget);
const lookedAt = document.querySelector(".looked-at");
if (lookedAt && !location.hash) lookedAt.scrollIntoView({ block: "center", behavior: "instant" });
