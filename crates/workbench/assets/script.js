// Adds keyboard shortcuts, and locks the screen together with the program. All pages work without it.
"use strict";
(() => {
  const { idle, here, lock, back, warn, keys } = document.currentScript.dataset;

  // Sends the program a keep-alive at most every 30 seconds, and only after activity in this tab or in another one.
  const KEEP_ALIVE_SECONDS = 30;
  const WARN_BEFORE_LOCK_SECONDS = 60;
  const tabs = new BroadcastChannel("burkindi");
  let last = Date.now();
  let lastKeepAlive = last;
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

  // Hides the screen and locks the workbench. The draft is sent along and is shown again after the passphrase.
  const lockTab = async () => {
    clearInterval(watch);
    document.documentElement.hidden = true;
    const draft = document.querySelector("main form[data-keep]");
    const body = new URLSearchParams(draft ? new FormData(draft) : "");
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
    const idleSeconds = secondsSince(last);
    if (idleSeconds >= Number(idle)) return lockAllTabs();
    if (idleSeconds >= Number(idle) - WARN_BEFORE_LOCK_SECONDS && !notice.isConnected) {
      document.body.append(notice);
      notice.textContent = warn;
    }
    if (last > lastKeepAlive && secondsSince(lastKeepAlive) >= KEEP_ALIVE_SECONDS) {
      lastKeepAlive = Date.now();
      const response = await fetch(here, { method: "POST" }).catch(() => undefined);
      if (response && !response.ok) lockTab();
    }
  }, 1000);
  // Reloads a page that the browser restores from its history, because it could be from before the lock.
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
