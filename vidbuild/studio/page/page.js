// Keeps the page true without loading it anew: what has changed is put in, and a draft that is
// being watched is left alone. Without this script the page loads itself while drafts are made.
"use strict";

const BUSY = 2000;
const QUIET = 10000;

function watched(node) {
  return [...node.querySelectorAll("video")].some((video) => !video.paused && !video.ended);
}

function same(old, fresh) {
  return old.dataset.live === fresh.dataset.live || watched(old);
}

// The fresh list's order, moving no card that is already in its place.
function relist(list, fresh) {
  let at = list.firstElementChild;
  for (const item of [...fresh.children]) {
    const old = document.getElementById(item.id);
    const next = old && same(old, item) ? old : document.importNode(item, true);
    if (old && next !== old) {
      if (at === old) at = old.nextElementSibling;
      old.remove();
    }
    if (next === at) at = at.nextElementSibling;
    else list.insertBefore(next, at);
  }
  while (at) {
    const gone = at;
    at = at.nextElementSibling;
    if (!watched(gone)) gone.remove();
  }
}

function renew(fresh) {
  for (const list of document.querySelectorAll("[data-list]")) {
    const other = fresh.getElementById(list.id);
    if (other) relist(list, other);
  }
  for (const old of document.querySelectorAll("[data-live]")) {
    const other = fresh.getElementById(old.id);
    if (other && !old.parentElement.hasAttribute("data-list") && !same(old, other)) {
      old.replaceWith(document.importNode(other, true));
    }
  }
  document.getElementById("main").dataset.busy = fresh.getElementById("main").dataset.busy || 0;
}

async function look() {
  const lost = document.getElementById("lost");
  if (!document.hidden) {
    try {
      const answer = await fetch(location.href, { cache: "no-store" });
      if (answer.ok) renew(new DOMParser().parseFromString(await answer.text(), "text/html"));
      lost.textContent = "";
    } catch {
      const words = "The studio does not answer. This is what it said last.";
      if (lost.textContent !== words) lost.textContent = words;
    }
  }
  plan();
}

function plan() {
  const busy = Number(document.getElementById("main").dataset.busy);
  setTimeout(look, busy ? BUSY : QUIET);
}

// One voice at a time.
document.addEventListener("play", (event) => {
  for (const video of document.querySelectorAll("video")) {
    if (video !== event.target) video.pause();
  }
}, true);

if (document.getElementById("main").hasAttribute("data-busy")) plan();
