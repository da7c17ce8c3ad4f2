// Makes elements. Whatever contributors wrote becomes text nodes and nothing else.

import { addressOf } from "./server.js";

export const byId = (id) => document.getElementById(id);

/** Makes an element with properties and children; strings become text. */
export function make(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

export function show(parent, ...children) {
  parent.replaceChildren(...children);
}

export const count = (number, one, many = `${one}s`) => `${number} ${number === 1 ? one : many}`;

/** How a picture stands, in a few words. */
export function standing(picture) {
  if (picture.decision === true) return "you: approved";
  if (picture.decision === false) return "you: rejected";
  if (picture.status === "trusted") return "trusted";
  if (picture.rejected_by) return "rejected";
  if (picture.status === "new") return "to be vetted";
  return picture.approved_by ? `approved by ${picture.approved_by}` : "undecided";
}

/** Makes the button that shows a picture in a sheet, with two short lines under it. */
export function card(picture, { first, second, isChosen = false, choose }) {
  const found = picture.findings ? `, ${count(picture.findings, "finding")}` : "";
  const image = make("img", { loading: "lazy", width: 128, height: 128, alt: "", src: addressOf(picture.sha256, "small") });
  const words = [make("span", { className: picture.findings ? "flagged" : "" }, first), make("span", { className: "quiet" }, second)];
  const button = make("button", { type: "button", className: "card", onclick: () => choose(picture) }, image, ...words);
  button.dataset.sha256 = picture.sha256;
  button.setAttribute("aria-label", `${picture.subject}, picture ${picture.sha256.slice(0, 8)}, ${standing(picture)}${found}`);
  button.setAttribute("aria-current", String(isChosen));
  button.classList.toggle("has-findings", picture.findings > 0);
  button.classList.toggle("approved", picture.decision === true);
  button.classList.toggle("rejected", picture.decision === false);
  return button;
}
