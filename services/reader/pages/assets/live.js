// Keeps a page as new as the ledger: it listens where the element #live says, and when something has changed it fetches
// this same page again and puts the new <main> in the place of the old one. Without it the page is whole, only not live.

const REFRESH_MS_MIN = 1_000; // at most one refresh a second
const AGAIN_MS_MIN = 5_000; // after a fetch that failed, or a stream that was refused
const AGAIN_MS_MAX = 60_000;

const status = document.querySelector("[data-live]");
let caughtUp = false;
let refreshedAt = 0;
let waiting = 0; // the timer of the next refresh, 0: none
let fetching = false;
let changedMeanwhile = false;
let againMs = AGAIN_MS_MIN;

/** Shows one of the words that the page brought along; the same word is not announced twice. */
function show(word) {
  const text = status.dataset[`word${word}`];
  if (status.textContent !== text) status.textContent = text;
  status.dataset.shown = word;
}

function showLive() {
  show(caughtUp ? "CaughtUp" : "Live");
}

function listen() {
  const events = new EventSource(status.dataset.live);
  events.addEventListener("open", showLive);
  events.addEventListener("change", () => { againMs = AGAIN_MS_MIN; changed(); });
  // The page is of a ledger that was begun anew: all of it is loaded again.
  events.addEventListener("reset", () => { againMs = AGAIN_MS_MIN; changed(); });
  events.addEventListener("caught-up", () => { caughtUp = true; againMs = AGAIN_MS_MIN; showLive(); });
  events.addEventListener("error", () => {
    caughtUp = false;
    show("Lost");
    // It connects again by itself, from the last id; only a refusal is final, and then the page may have moved on too.
    if (events.readyState === EventSource.CLOSED) again(async () => { await refresh(); listen(); });
  });
}

function again(work) {
  setTimeout(work, againMs);
  againMs = Math.min(againMs * 2, AGAIN_MS_MAX);
}

function changed() {
  if (fetching) { changedMeanwhile = true; return; }
  if (waiting) return;
  const wait = Math.max(0, refreshedAt + REFRESH_MS_MIN - Date.now());
  waiting = setTimeout(() => { waiting = 0; refresh(); }, wait);
}

/** True while a reader fills in a field: the page is not taken from under their hands. */
function isFilledIn() {
  return document.activeElement?.matches("main input, main select, main textarea") ?? false;
}

async function refresh() {
  if (fetching) return;
  if (isFilledIn()) {
    document.activeElement.addEventListener("blur", changed, { once: true });
    return;
  }
  fetching = true;
  changedMeanwhile = false;
  try {
    const response = await fetch(location.href, { headers: { Accept: "text/html" }, cache: "no-cache" });
    if (!response.ok) throw new Error(`the page answered ${response.status}`);
    replace(new DOMParser().parseFromString(await response.text(), "text/html"));
  } catch {
    again(changed);
  } finally {
    refreshedAt = Date.now();
    fetching = false;
    if (changedMeanwhile) changed();
  }
}

/** Puts the new content in place; what was open stays open, what was closed closed, and the eye and the focus where they were. */
function replace(page) {
  const [old, fresh] = [document.querySelector("main"), page.querySelector("main")];
  if (!fresh || isFilledIn()) { changedMeanwhile ||= Boolean(fresh); return; }
  for (const details of old.querySelectorAll("details[id]")) {
    const same = fresh.querySelector(`#${CSS.escape(details.id)}`);
    if (same) same.open = details.open;
  }
  const anchor = [...old.querySelectorAll(".entry[id]")].find((entry) => entry.getBoundingClientRect().bottom > 0);
  const top = anchor?.getBoundingClientRect().top;
  const focused = old.contains(document.activeElement) ? address(document.activeElement) : null;
  old.replaceWith(document.adoptNode(fresh));
  document.title = page.title;
  const next = page.querySelector("[data-live]");
  if (next) status.dataset.live = next.dataset.live;
  const moved = anchor && document.getElementById(anchor.id);
  if (moved && window.scrollY > 0) window.scrollBy({ top: moved.getBoundingClientRect().top - top, behavior: "instant" });
  if (focused) document.querySelector(focused)?.focus({ preventScroll: true });
}

/** A selector by which the focused element is found again, where it has one. */
function address(element) {
  const holder = element.closest("[id]");
  if (!holder || holder.id === "main") return "main";
  const id = `#${CSS.escape(holder.id)}`;
  if (element === holder) return id;
  const href = element.getAttribute("href");
  return href === null ? `${id} ${element.localName}` : `${id} [href="${CSS.escape(href)}"]`;
}

if (status) listen();
