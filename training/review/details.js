// What is told of the chosen picture, and of all decisions before they are signed.

import { card, count, make, standing } from "./elements.js";

const part = (title, ...children) => [make("h3", {}, title), ...children];

function findings(picture) {
  if (picture.status === "new") return part("Findings", make("p", { className: "quiet" }, "The screens did not look at it yet."));
  if (!picture.notes.length) return part("Findings", make("p", { className: "quiet" }, "The screens found nothing."));
  const items = picture.notes.map((note) =>
    make("li", {}, make("span", { className: "flagged" }, note.reason), make("span", { className: "quiet" }, ` (${note.screen}, ${note.score})`)),
  );
  return part("Findings", make("ul", {}, ...items));
}

function deciders(picture, needed) {
  const lines = [];
  if (picture.approvals.length) lines.push(`approved by ${picture.approvals.join(", ")}`);
  if (picture.rejections.length) lines.push(`rejected by ${picture.rejections.join(", ")}`);
  if (!lines.length) lines.push("nobody decided yet");
  const draft = picture.decision === null ? "" : ` You ${picture.decision ? "approve" : "reject"} it: ${picture.reason} (not sent).`;
  return part("Reviewers", make("p", {}, `${lines.join("; ")}; it takes ${needed} to trust it.${draft}`));
}

function alike(title, pictures, choose, empty) {
  if (!pictures.length) return part(title, make("p", { className: "quiet" }, empty));
  const cards = pictures.map((other) => {
    const cosine = other.cosine === null ? "" : `${other.cosine.toFixed(2)}, `;
    return card(other, { first: other.subject, second: `${cosine}${standing(other)}`, choose });
  });
  return part(title, make("div", { className: "row-of-pictures" }, ...cards));
}

/** Tells everything about a picture. */
export function details(picture, needed, choose) {
  const origin = `${picture.original}, ${picture.size}, brought by ${picture.contributor}, from ${picture.source}`;
  const unseen = picture.is_on_map ? "nobody else is near" : "no look of it was kept: run 'training vet' here";
  return [
    make("h2", {}, picture.subject),
    make("p", { className: "quiet" }, origin),
    ...(picture.refusal ? [make("p", { className: "flagged" }, picture.refusal)] : []),
    ...findings(picture),
    ...deciders(picture, needed),
    ...alike(`Trusted pictures of ${picture.subject}`, picture.trusted, choose, "there is none yet"),
    ...alike("Nearest neighbors", picture.neighbors, choose, unseen),
  ];
}

/** Lists all decisions that would be signed: rejections and overruled findings one by one. */
export function summary(draft) {
  const told = (decision) => make("li", {}, `${decision.subject}, ${decision.sha256.slice(0, 8)}: ${decision.reason}`);
  const rejected = draft.decisions.filter((decision) => !decision.approves);
  const overruled = draft.decisions.filter((decision) => decision.approves && decision.findings);
  const plain = draft.decisions.length - rejected.length - overruled.length;
  return [
    ...part(count(rejected.length, "rejection"), make("ul", {}, ...rejected.map(told))),
    ...part(`${count(overruled.length, "approval")} of pictures with findings`, make("ul", {}, ...overruled.map(told))),
    ...part(`${count(plain, "approval")} of pictures without`),
  ];
}
