// Makes the drawn figures live: values under the cursor, one time axis for the page, a window chosen by dragging.
// plotly.js comes after the page is there; without it the drawing stays.
"use strict";

const own = document.currentScript;
const HEIGHT = 214; // as the drawing: signs, field, hours
const DRAWN = new Map(); // figure → the div that plotly draws in

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
const dataOf = (figure) => JSON.parse(figure.querySelector(":scope > script").textContent);
const both = (iso) => {
  const when = new Date(iso);
  const utc = `${iso.slice(11, 19)} UTC`;
  if (when.getTimezoneOffset() === 0) return utc;
  const day = when.getDate() === when.getUTCDate() ? {} : { day: "numeric", month: "short" };
  return `${utc} · ${when.toLocaleString(undefined, { ...day, hour: "2-digit", minute: "2-digit", second: "2-digit" })} here`;
};
const wall = (iso) => iso.replace("Z", "").replace(/\+00:00$/, ""); // plotly's axis has no zone: UTC as it is written

function traces(data, unusual) {
  const ink = unusual ? colour("accent") : colour("ink");
  const line = {
    x: data.times.map(wall), y: data.values, type: "scatter", mode: "lines", connectgaps: false,
    line: { color: ink, width: 2, shape: "linear" }, customdata: data.times.map(both),
    hovertemplate: `%{y:${data.format}}${data.suffix}<br>%{customdata}<extra></extra>`,
  };
  const alone = data.values.filter((value) => value !== null).length < 3;
  return [{ ...line, mode: alone ? "lines+markers" : "lines" }];
}

function layout(data) {
  const upright = (iso, stroke, dash) => ({ type: "line", xref: "x", yref: "paper", x0: wall(iso), x1: wall(iso), y0: 0, y1: 1, line: { color: stroke, width: 1, dash } });
  const shapes = data.markers.map((each) => upright(each.time, colour("line-strong"), "solid"));
  if (data.began) shapes.push(upright(data.began, colour("accent"), "dot"));
  if (data.band) shapes.push({ type: "rect", xref: "paper", yref: "y", x0: 0, x1: 1, y0: data.band[0], y1: data.band[1], fillcolor: colour("usual"), line: { width: 0 }, layer: "below" });
  const text = { color: colour("muted"), size: 12, family: getComputedStyle(document.body).fontFamily };
  const axis = { gridcolor: colour("line"), zeroline: false, tickfont: text, linecolor: colour("line-strong") };
  return {
    height: HEIGHT, margin: { l: 56, r: 8, t: 16, b: 20 }, paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)",
    font: text, showlegend: false, hovermode: "x", dragmode: matchMedia("(pointer: coarse)").matches ? false : "zoom", shapes,
    hoverlabel: { bgcolor: colour("paper"), bordercolor: colour("line-strong"), font: { ...text, color: colour("ink") } },
    annotations: data.markers.map((each) => ({ x: wall(each.time), xref: "x", y: 1, yref: "paper", yanchor: "bottom", text: "▼", showarrow: false, font: text, hovertext: each.text.replace(/[<>&]/g, " ") })),
    xaxis: { ...axis, type: "date", range: [wall(data.from), wall(data.to)], showgrid: false, tickformat: new Date(data.to) - new Date(data.from) > 1728e5 ? "%d %b" : "%H:%M", showspikes: true, spikemode: "across", spikethickness: 1, spikecolor: colour("line-strong"), spikedash: "solid" },
    yaxis: { ...axis, rangemode: "tozero", fixedrange: true, tickformat: data.format, ticksuffix: data.suffix, nticks: 5 },
  };
}

function draw(figure) {
  const data = dataOf(figure);
  let live = DRAWN.get(figure);
  if (!live) {
    live = document.createElement("div");
    live.className = "live";
    live.setAttribute("aria-hidden", "true"); // the drawing's words and the table say it
    figure.querySelector(".plot").after(live);
    DRAWN.set(figure, live);
    window.Plotly.newPlot(live, traces(data, figure.classList.contains("unusual")), layout(data), { displayModeBar: false, responsive: true, doubleClick: false });
    figure.classList.add("is-live");
    listen(live);
  } else {
    window.Plotly.react(live, traces(data, figure.classList.contains("unusual")), layout(data));
  }
}

function listen(live) {
  live.on("plotly_relayout", (change) => {
    const [from, to] = [change["xaxis.range[0]"], change["xaxis.range[1]"]];
    if (from === undefined || to === undefined) return;
    const utc = (text) => new Date(`${text.replace(" ", "T")}Z`.replace("ZZ", "Z")).toISOString();
    document.dispatchEvent(new CustomEvent("window-chosen", { detail: { from: utc(from), to: utc(to) } }));
  });
  live.on("plotly_hover", (event) => {
    if (!event.event || !event.event.isTrusted) return;
    for (const other of DRAWN.values()) if (other !== live) pointAt(other, event.points[0].x);
  });
  live.on("plotly_unhover", () => {
    for (const other of DRAWN.values()) if (other !== live) window.Plotly.Fx.unhover(other);
  });
}

// The cursor of one figure in another: at its nearest time of which something is known.
function pointAt(live, time) {
  const { x, y } = live.data[0];
  const wanted = Date.parse(`${time}Z`.replace(" ", "T"));
  const far = (place) => Math.abs(Date.parse(`${x[place]}Z`) - wanted);
  const known = [...x.keys()].filter((place) => y[place] !== null);
  if (!known.length) return;
  const nearest = known.reduce((best, place) => (far(place) < far(best) ? place : best));
  window.Plotly.Fx.hover(live, [{ curveNumber: 0, pointNumber: nearest }]);
}

function drawAll() {
  for (const [figure, live] of DRAWN) if (!figure.isConnected) { window.Plotly.purge(live); DRAWN.delete(figure); }
  for (const figure of document.querySelectorAll("[data-figure]")) if (figure.checkVisibility() && figure.querySelector(":scope > script")) draw(figure);
}

function load() {
  for (const id of own.dataset.styleIds.split(" ")) {
    if (!id || document.getElementById(id)) continue;
    const taken = document.createElement("meta"); // stands for a style element that plotly would add for its maps
    taken.id = id;
    document.head.append(taken);
  }
  const script = document.createElement("script");
  script.src = own.dataset.plotly;
  script.addEventListener("load", () => {
    drawAll();
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAll);
    document.addEventListener("page-updated", drawAll);
    document.addEventListener("toggle", drawAll, true);
  });
  document.head.append(script);
}

// Only once a figure can be seen: on a phone the folds are closed, and nothing need be loaded.
function loadWhenSeen() {
  const seen = () => [...document.querySelectorAll("[data-figure]")].some((figure) => figure.checkVisibility());
  if (seen()) { load(); return; }
  const opened = () => { if (seen()) { document.removeEventListener("toggle", opened, true); load(); } };
  document.addEventListener("toggle", opened, true);
}

addEventListener("load", () => setTimeout(loadWhenSeen, 0));
