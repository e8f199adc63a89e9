// What a person would miss without a script: keys for the hands, and a screen that locks with the program. Everything works without it.
"use strict";
(() => {
  const { idle, here, lock, back, warn, keys } = document.currentScript.dataset;

  // A sign of life for the program at most every half minute, and only while somebody is here: in this tab or in another.
  const KEEP_ALIVE_SECONDS = 30;
  const WARN_BEFORE_LOCK_SECONDS = 60;
  const tabs = new BroadcastChannel("burkindi");
  let last = Date.now();
  let told = last;
  const notice = document.createElement("p");
  notice.className = "locks-soon";
  notice.setAttribute("role", "alert");
  const secondsSince = (since) => (Date.now() - since) / 1000;
  const recordActivity = () => {
    last = Date.now();
    notice.remove();
  };
  for (const event of ["keydown", "pointerdown", "pointermove", "scroll", "input"]) {
    addEventListener(event, () => {
      if (secondsSince(last) >= 1) tabs.postMessage("alive");
      recordActivity();
    }, { passive: true });
  }

  // Nothing stays on the screen. What is being written goes along, and comes back after the passphrase.
  const lockTab = async () => {
    clearInterval(watch);
    document.documentElement.hidden = true;
    const written = document.querySelector("main form[data-keep]");
    const body = new URLSearchParams(written ? new FormData(written) : "");
    await fetch(lock, { method: "POST", body }).catch(() => undefined);
    location.replace(back);
  };
  const lockAllTabs = () => {
    tabs.postMessage("lock");
    return lockTab();
  };
  tabs.addEventListener("message", ({ data }) => (data === "lock" ? lockTab() : recordActivity()));
  document.querySelector(`form[action="${lock}"]`).addEventListener("submit", (event) => {
    event.preventDefault();
    lockAllTabs();
  });
  const watch = setInterval(async () => {
    const still = secondsSince(last);
    if (still >= Number(idle)) return lockAllTabs();
    if (still >= Number(idle) - WARN_BEFORE_LOCK_SECONDS && !notice.isConnected) {
      document.body.append(notice);
      notice.textContent = warn;
    }
    if (last > told && secondsSince(told) >= KEEP_ALIVE_SECONDS) {
      told = Date.now();
      const answer = await fetch(here, { method: "POST" }).catch(() => undefined);
      if (answer && !answer.ok) lockTab();
    }
  }, 1000);
  // A page from before the lock must not come back with the browser's own history.
  addEventListener("pageshow", (event) => event.persisted && location.reload());

  if (keys === undefined) return;
  const rows = () => [...document.querySelectorAll("[data-rows] tbody th a, [data-rows] > li > a")];
  const moveFocus = (by) => {
    const all = rows();
    const at = all.indexOf(document.activeElement);
    all[Math.min(Math.max(at + by, 0), all.length - 1)]?.focus();
  };
  addEventListener("keydown", (event) => {
    const typing = event.target.closest?.("input, textarea, select, [contenteditable]");
    if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "j" || event.key === "k") return moveFocus(event.key === "j" ? 1 : -1);
    const found = document.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
    if (!found) return;
    event.preventDefault();
    if (found.matches("a")) found.click();
    else found.focus();
  });
})();
