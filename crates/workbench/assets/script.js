// What a person would miss without a script: keys for the hands, and a screen that locks with the program. Everything works without it.
"use strict";
(() => {
  const { idle, here, lock, back, warn, keys } = document.currentScript.dataset;

  // A sign of life for the program at most every half minute, and only while somebody is here: in this tab or in another.
  const EVERY = 30;
  const WARNING = 60;
  const tabs = new BroadcastChannel("burkindi");
  let last = Date.now();
  let told = last;
  const notice = document.createElement("p");
  notice.className = "locks-soon";
  notice.setAttribute("role", "alert");
  const seconds = (since) => (Date.now() - since) / 1000;
  const alive = () => {
    last = Date.now();
    notice.remove();
  };
  for (const event of ["keydown", "pointerdown", "pointermove", "scroll", "input"]) {
    addEventListener(event, () => {
      if (seconds(last) >= 1) tabs.postMessage("alive");
      alive();
    }, { passive: true });
  }

  // Nothing stays on the screen. What is being written goes along, and comes back after the passphrase.
  const leave = async () => {
    clearInterval(watch);
    document.documentElement.hidden = true;
    const written = document.querySelector("main form[data-keep]");
    const body = new URLSearchParams(written ? new FormData(written) : "");
    await fetch(lock, { method: "POST", body }).catch(() => undefined);
    location.replace(back);
  };
  const leaveAll = () => {
    tabs.postMessage("lock");
    return leave();
  };
  tabs.addEventListener("message", ({ data }) => (data === "lock" ? leave() : alive()));
  document.querySelector(`form[action="${lock}"]`).addEventListener("submit", (event) => {
    event.preventDefault();
    leaveAll();
  });
  const watch = setInterval(async () => {
    const still = seconds(last);
    if (still >= Number(idle)) return leaveAll();
    if (still >= Number(idle) - WARNING && !notice.isConnected) {
      document.body.append(notice);
      notice.textContent = warn;
    }
    if (last > told && seconds(told) >= EVERY) {
      told = Date.now();
      const answer = await fetch(here, { method: "POST" }).catch(() => undefined);
      if (answer && !answer.ok) leave();
    }
  }, 1000);
  // A page from before the lock must not come back with the browser's own history.
  addEventListener("pageshow", (event) => event.persisted && location.reload());

  if (keys === undefined) return;
  const rows = () => [...document.querySelectorAll("[data-rows] tbody th a, [data-rows] > li > a")];
  const step = (by) => {
    const all = rows();
    const at = all.indexOf(document.activeElement);
    all[Math.min(Math.max(at + by, 0), all.length - 1)]?.focus();
  };
  addEventListener("keydown", (event) => {
    const typing = event.target.closest?.("input, textarea, select, [contenteditable]");
    if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "j" || event.key === "k") return step(event.key === "j" ? 1 : -1);
    const found = document.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
    if (!found) return;
    event.preventDefault();
    if (found.matches("a")) found.click();
    else found.focus();
  });
})();
