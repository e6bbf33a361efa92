// Judging with one key and a reason. What it sends are the page's own forms, so that without it nothing is lost but the speed.
const cards = [...document.querySelectorAll("[data-card]")];
const said = document.querySelector("#queue-said");
const next = document.querySelector("#queue-next");
const keys = {};
document.querySelectorAll(".queue-code optgroup")?.forEach((group) => {
  const [, verdict, key] = /^(\w+) \((\w)\)$/.exec(group.label) ?? [];
  if (key) keys[key] = verdict;
});
let here = -1;
let pending = null;
const judged = [];

const isDone = (card) => card.classList.contains("queue-card--done");
const form = (card) => card.querySelector("[data-judge]");

function go(to, focus = true) {
  if (to < 0 || to >= cards.length) return;
  cards[here]?.classList.remove("queue-card--here");
  forget();
  here = to;
  cards[here].classList.add("queue-card--here");
  if (!focus) return; // a click has put it there: what moved under the pointer would not be clicked
  cards[here].focus({ preventScroll: true });
  cards[here].scrollIntoView({ block: "nearest", behavior: "instant" });
}

function step(by) {
  let to = here + by;
  while (cards[to] && isDone(cards[to])) to += by;
  if (cards[to]) go(to);
}

// when no card is left, the next are one Enter away
function onwards() {
  if (!cards.every((card) => isDone(card) || !form(card))) return;
  next.hidden = false;
  next.querySelector("a").focus();
}

function forget() {
  pending = null;
  const shown = cards[here]?.querySelector("[data-pending]");
  if (shown) shown.hidden = true;
}

function ask(verdict) {
  const card = cards[here];
  if (!card || isDone(card) || !form(card)) return;
  const shown = card.querySelector("[data-pending]");
  const codes = [...card.querySelectorAll(`option[data-verdict="${verdict}"]`)].map((option) => option.textContent);
  pending = verdict;
  shown.textContent = `${verdict}, since:\n${codes.join("\n")}`;
  shown.hidden = false;
  shown.scrollIntoView({ block: "nearest", behavior: "instant" });
}

function choose(key) {
  const card = cards[here];
  const option = card.querySelector(`option[data-verdict="${pending}"][data-key="${key}"]`);
  if (!option) return;
  const note = card.querySelector(".queue-note");
  card.querySelector(".queue-code").value = option.value;
  if ("note" in option.dataset && !note.value.trim()) {
    card.querySelector("[data-pending]").textContent = `${pending}: a few words, then Enter`;
    note.focus();
    return;
  }
  send(card, pending);
}

async function post(target, extra = {}) {
  const body = new FormData(target);
  for (const [name, value] of Object.entries(extra)) body.set(name, value);
  const answer = await fetch(target.action, { method: "POST", body: new URLSearchParams(body), headers: { "X-Desk-Wants": "json" }, redirect: "error" });
  const told = answer.headers.get("content-type")?.includes("json") ? await answer.json() : { error: "The desk did not answer as expected; reload the page." };
  if (!answer.ok) throw new Error(told.error ?? "It was not kept.");
  return told;
}

async function send(card, verdict) {
  const target = form(card);
  const wrong = card.querySelector("[data-error]");
  if (card.dataset.busy) return;
  card.dataset.busy = "1";
  wrong.hidden = true;
  forget();
  const place = cards.indexOf(card);
  step(1);
  try {
    const told = await post(target, { verdict });
    const undo = card.querySelector("[data-undo]");
    undo.querySelector("[data-said]").textContent = told.said;
    undo.hidden = false;
    card.classList.add("queue-card--done");
    judged.push(card);
    said.textContent = told.said;
    onwards();
  } catch (error) {
    wrong.textContent = error.message;
    wrong.hidden = false;
    said.textContent = error.message;
    go(place);
  } finally {
    delete card.dataset.busy;
  }
}

async function undo(card) {
  if (!card || card.dataset.busy) return;
  card.dataset.busy = "1";
  try {
    const told = await post(card.querySelector("[data-undo]"));
    judged.splice(judged.indexOf(card), 1);
    card.classList.remove("queue-card--done");
    card.querySelector("[data-undo]").hidden = true;
    said.textContent = told.said;
    next.hidden = true;
    go(cards.indexOf(card));
  } catch (error) {
    said.textContent = error.message;
  } finally {
    delete card.dataset.busy;
  }
}

document.addEventListener("submit", (event) => {
  const card = event.target.closest?.("[data-card]");
  if (!card) return;
  if (event.target.matches("[data-judge]")) {
    event.preventDefault();
    send(card, event.submitter.value);
  } else if (event.target.matches("[data-undo]")) {
    event.preventDefault();
    undo(card);
  }
});

// single keys can be turned off (WCAG 2.2, 2.1.4)
const off = document.querySelector("#keys-off");
const isOff = () => localStorage.getItem("desk-keys") === "off";
function label() {
  if (!off) return;
  off.hidden = false;
  off.textContent = isOff() ? "Turn keys on" : "Turn keys off";
}
off?.addEventListener("click", () => {
  localStorage.setItem("desk-keys", isOff() ? "on" : "off");
  label();
});
label();

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") {
    forget();
    if (here >= 0 && event.target.matches("input, select")) cards[here].focus();
    return;
  }
  if (event.key === "Enter" && event.target.matches(".queue-note")) {
    const card = event.target.closest("[data-card]");
    const verdict = pending ?? card?.querySelector(".queue-code").selectedOptions[0]?.dataset.verdict;
    if (verdict) send(card, verdict);
    event.preventDefault();
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || isOff() || event.target.closest("input, select, textarea")) return;
  if (event.target.closest("button, a, summary") && event.key === "Enter") return;
  const key = event.key;
  if (pending && (key === "Enter" || keys[key] === pending)) {
    cards[here].querySelector(".queue-code").value = "";
    send(cards[here], pending);
  } else if (pending && /^[0-9a-z]$/.test(key) && cards[here].querySelector(`option[data-verdict="${pending}"][data-key="${key}"]`)) choose(key);
  else if (keys[key]) ask(keys[key]);
  else if (key === "j") step(1);
  else if (key === "k") step(-1);
  else if (key === "u") undo(judged.at(-1));
  else if (key === "x") cards[here]?.querySelector('input[type="checkbox"]')?.click();
  else if (key === "o") cards[here]?.querySelector("h2 a")?.click();
  else if (key === "s") cards[here]?.querySelector("[data-more]")?.click();
  else if (key === "?") document.querySelector("#keys")?.toggleAttribute("open");
  else return;
  event.preventDefault();
});

cards.forEach((card, number) => card.addEventListener("focusin", () => here !== number && go(number, false)));
if (cards.length) go(0, false);
