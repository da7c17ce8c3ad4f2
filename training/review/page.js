// One reviewer's page: people, a contact sheet, the chosen picture, and what the keys do.

import { details, summary } from "./details.js";
import { byId, card, count, make, show, standing } from "./elements.js";
import { LooksMap } from "./map.js";
import { addressOf, change, read, Refused } from "./server.js";

const now = { overview: null, sheet: null, picture: null };
const map = new LooksMap(byId("map"), (point) => attempt(() => goTo(point)));
let isBusy = false;

/** Runs one action at a time, so that no key decides on a picture that is not shown yet. */
async function attempt(action) {
  if (isBusy) return;
  isBusy = true;
  try {
    await action();
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    tell(error.message, true);
  } finally {
    isBusy = false;
    refreshButtons();
  }
}

function tell(words, isBad = false) {
  byId("told").textContent = words;
  byId("told").classList.toggle("bad", isBad);
}

function showOverview(overview) {
  now.overview = overview;
  const { draft } = overview;
  document.title = `Review: ${overview.dataset}`;
  byId("dataset").textContent = overview.dataset;
  const left = overview.people.reduce((sum, person) => sum + person.open, 0);
  byId("standing").textContent =
    `${overview.reviewer} · ${count(left, "picture")} to decide · ${draft.decisions.length} decided, not sent · ${overview.trusted} trusted`;
  byId("send").textContent = `Send ${draft.decisions.length}`;
  show(byId("people"), ...overview.people.map(personItem));
  if (draft.dropped.length) {
    tell(`${count(draft.dropped.length, "decision")} of your draft no longer held: ${draft.dropped[0].why}`, true);
  }
}

function personItem(person) {
  const waits = person.flagged ? `${person.flagged} ▲` : person.open || "";
  const button = make(
    "button",
    { type: "button", onclick: () => attempt(() => openPerson(person.subject)) },
    make("span", {}, person.subject),
    make("span", { className: person.flagged ? "flagged" : "quiet" }, String(waits)),
  );
  button.setAttribute("aria-label", `${person.subject}: ${person.open} to decide, ${person.flagged} of them with findings`);
  button.setAttribute("aria-current", String(person.subject === now.sheet?.subject));
  return make("li", {}, button);
}

function showSheet() {
  byId("person").textContent = `${now.sheet.subject}, ${count(now.sheet.pictures.length, "picture")}`;
  const cards = now.sheet.pictures.map((picture) =>
    card(picture, {
      first: picture.status === "new" ? "not vetted" : count(picture.findings, "finding"),
      second: standing(picture),
      isChosen: picture.sha256 === now.picture?.sha256,
      choose: (chosen) => attempt(() => openPicture(chosen.sha256)),
    }),
  );
  show(byId("cards"), ...cards);
}

async function readSheet(subject) {
  now.sheet = await read("person", { subject });
}

async function openPerson(subject, sha256 = null) {
  await readSheet(subject);
  await showMap();
  const first = now.sheet.pictures.find((picture) => picture.waits && picture.decision === null) ?? now.sheet.pictures[0];
  await openPicture(sha256 ?? first.sha256);
}

async function openPicture(sha256) {
  now.picture = null;
  refreshButtons();
  const large = byId("large");
  large.hidden = true;
  byId("no-picture").textContent = "";
  const picture = await read("picture", { sha256 });
  large.src = addressOf(sha256, "large");
  large.alt = `The chosen picture, said to show ${picture.subject}`;
  now.picture = picture;
  show(byId("details"), ...details(picture, now.overview.needed, (chosen) => attempt(() => goTo(chosen))));
  byId("picture").scrollTop = 0;
  map.mark(sha256);
  showSheet();
  showOverview(now.overview);
  byId("cards").querySelector('[aria-current="true"]')?.scrollIntoView({ block: "nearest" });
  await isShown(large);
}

/** Waits for the picture: only what was seen can be approved. */
async function isShown(large) {
  try {
    await large.decode();
    large.hidden = false;
  } catch {
    const response = await fetch(large.src);
    const why = response.ok ? "it cannot be drawn" : (await response.json()).error;
    byId("no-picture").textContent = `It cannot be shown: ${why}.`;
  }
}

const goTo = (picture) =>
  picture.subject === now.sheet?.subject ? openPicture(picture.sha256) : openPerson(picture.subject, picture.sha256);

async function showMap() {
  const isWhole = byId("whole-map").checked;
  const subject = isWhole ? null : now.sheet.subject;
  const found = await read("map", isWhole ? {} : { subject });
  map.show(found.points, subject);
  const flagged = found.points.filter((point) => point.status === "quarantined").length;
  const unseen = found.without_look ? `; ${found.without_look} without a look` : "";
  byId("map-told").textContent = found.points.length
    ? `${count(found.points.length, "picture")}: ${flagged} ▲ with findings, green trusted, blue undecided${isWhole ? "" : ", gray the nearest others"}${unseen}`
    : "no looks were kept here: run 'training vet' with this dataset folder";
}

async function step(by) {
  const pictures = now.sheet.pictures;
  const place = pictures.findIndex((picture) => picture.sha256 === now.picture?.sha256);
  const next = pictures[place + by];
  if (next) return openPicture(next.sha256);
  const people = now.overview.people;
  const person = people[people.findIndex((one) => one.subject === now.sheet.subject) + by];
  return person ? openPerson(person.subject) : tell("there is nobody further");
}

async function toNextOpen() {
  const pictures = now.sheet.pictures;
  const place = pictures.findIndex((picture) => picture.sha256 === now.picture.sha256);
  const isOpen = (picture) => picture.waits && picture.decision === null;
  const next = [...pictures.slice(place + 1), ...pictures.slice(0, place)].find(isOpen);
  if (next) return openPicture(next.sha256);
  const person = now.overview.people.find((one) => one.open);
  if (person) return openPerson(person.subject);
  tell("everything is decided: send it");
  return openPicture(now.picture.sha256);
}

async function decide(approves, reason) {
  const { sha256, seen, subject } = now.picture;
  const overview = await change("decide", { sha256, approves, reason, seen });
  await readSheet(subject);
  showOverview(overview);
  tell(`${approves ? "approved" : "rejected"}: ${subject}, ${sha256.slice(0, 8)}`);
  await toNextOpen();
}

async function undo() {
  const overview = await change("undo", {});
  showOverview(overview);
  if (!overview.undone) return tell("there is nothing to undo");
  const { subject } = await read("picture", { sha256: overview.undone });
  await openPerson(subject, overview.undone);
  return tell(`undone: ${subject}, ${overview.undone.slice(0, 8)}`);
}

async function send(revision) {
  const overview = await change("send", { revision });
  await readSheet(now.sheet.subject);
  showOverview(overview);
  await openPicture(now.picture.sha256);
  await showMap();
  tell(`${count(overview.sent, "decision")} signed and sent`);
}

const mayDecide = () => !isBusy && now.picture !== null && !now.picture.refusal;
const mayApprove = () => mayDecide() && !byId("large").hidden;

function refreshButtons() {
  const decided = now.overview?.draft.decisions.length ?? 0;
  byId("approve").disabled = !mayApprove();
  byId("reject").disabled = !mayDecide();
  byId("undo").disabled = isBusy || !decided;
  byId("send").disabled = isBusy || !decided;
}

function askReason() {
  if (!mayDecide()) return;
  byId("reason").value = "";
  byId("why").returnValue = "";
  byId("why").showModal();
}

function askToSend() {
  const { draft } = now.overview;
  if (isBusy || !draft.decisions.length) return;
  show(byId("decisions"), ...summary(draft));
  byId("sending").returnValue = "";
  byId("sending").dataset.revision = draft.revision;
  byId("sending").showModal();
}

const approve = () => (mayApprove() ? attempt(() => decide(true, "")) : undefined);

const KEYS = {
  a: approve,
  r: askReason,
  u: () => attempt(undo),
  ArrowRight: () => attempt(() => step(1)),
  ArrowLeft: () => attempt(() => step(-1)),
};

function listen() {
  byId("approve").addEventListener("click", approve);
  byId("reject").addEventListener("click", askReason);
  byId("undo").addEventListener("click", KEYS.u);
  byId("next").addEventListener("click", KEYS.ArrowRight);
  byId("previous").addEventListener("click", KEYS.ArrowLeft);
  byId("send").addEventListener("click", askToSend);
  byId("whole-map").addEventListener("change", () => attempt(showMap));
  for (const dialog of document.querySelectorAll("dialog")) {
    dialog.querySelector("[data-close]").addEventListener("click", () => dialog.close());
  }
  byId("why").querySelector("form").addEventListener("submit", () => attempt(() => decide(false, byId("reason").value)));
  byId("sending").querySelector("form").addEventListener("submit", () => attempt(() => send(byId("sending").dataset.revision)));
  document.addEventListener("keydown", (event) => {
    const isElsewhere = event.ctrlKey || event.altKey || event.metaKey || document.querySelector("dialog[open]");
    if (isElsewhere || event.target.matches("input:not([type=checkbox])") || !(event.key in KEYS)) return;
    event.preventDefault();
    if (!event.repeat) KEYS[event.key]();
  });
}

async function start() {
  showOverview(await read("overview"));
  const first = now.overview.people[0];
  if (first) await openPerson(first.subject);
  else tell("there are no pictures yet");
}

listen();
attempt(start);
