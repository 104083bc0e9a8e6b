// Sends what is pressed on a live page from here, and renews the page: what is typed elsewhere, the place and the focus stay.
// Without this file the forms are sent as forms are.
"use strict";

const pressed = new Set(); // buttons whose press is under way

async function press(event) {
  const { target: form, submitter: button } = event;
  if (form.method !== "post") return;
  event.preventDefault();
  if (pressed.has(button) || button.getAttribute("aria-disabled") === "true") return;
  pressed.add(button);
  button.setAttribute("aria-busy", "true");
  const sent = new FormData(form, button);
  say(button, "");
  const refused = await send(sent);
  if (!refused) await fetching; // it began before
  const notRenewed = refused ? null : await refresh();
  button.removeAttribute("aria-busy");
  pressed.delete(button);
  if (refused === NO_ANSWER) refresh(); // the page tells whether it was done
  const [words, why] = outcome(refused, notRenewed);
  say(button, words, why);
  if (!words.startsWith("Done")) return;
  for (const typed of form.querySelectorAll("textarea")) if (typed.value === sent.get(typed.name)) typed.value = "";
  const own = MAIN.querySelector(".waiting:has(+ [data-rows=events]) button"); // it need not be asked for
  if (own) own.click();
}

// Why it was not taken; null if it was: the answer then leads on.
async function send(sent) {
  try {
    const answer = await fetch(location.href, { method: "POST", body: new URLSearchParams(sent), redirect: "manual", headers: { Accept: "application/problem+json" }, signal: AbortSignal.timeout(LONGEST_MS) });
    if (answer.type === "opaqueredirect") return null;
    return answer.status === 401 ? logIn() : { words: (await answer.json()).detail };
  } catch {
    return NO_ANSWER;
  }
}

// What became of it, and why: unknown where no answer came, or one that may have led to a login page.
function outcome(refused, notRenewed) {
  if (refused) return [refused === NO_ANSWER ? "Perhaps not done: " : "Not done: ", refused];
  if (!notRenewed) return ["Done: the page shows it."];
  return [notRenewed.href ? "Perhaps not done: " : "Done; the page could not be renewed: ", notRenewed];
}

// Beside the button; what went well is seen on the page, and only read out.
function say(button, words, why) {
  let said = button.parentElement.querySelector(":scope > [role=status]");
  if (!said) {
    said = document.createElement("p");
    said.setAttribute("role", "status");
    said.dataset.own = "";
    button.parentElement.append(said);
  }
  said.className = why ? "error" : "unseen";
  said.replaceChildren(words);
  if (!why) return;
  const reason = reasonOf(why);
  if (why.href) reason.target = "_blank"; // the page stays, with what is typed
  said.append(reason);
}

if (MAIN) MAIN.addEventListener("submit", press);
