// What a person would miss in a form without a script: how good a passphrase is, a printer, patience. Everything works without it.
"use strict";
(() => {
  const postForm = (url, fields) => fetch(url, { method: "POST", body: new URLSearchParams(fields) }).then((answer) => answer.json());

  // The level from which a passphrase is taken.
  const MIN_STRENGTH = 3;
  // What was wrong is not any more.
  const clearError = (field) => {
    const wrong = document.getElementById(`${field.id}-wrong`);
    if (wrong) wrong.hidden = true;
    field.removeAttribute("aria-invalid");
  };

  // The program itself says how good it is; nothing leaves this machine.
  for (const field of document.querySelectorAll("[data-strength]")) {
    const shown = document.getElementById("new-strength");
    let waiting;
    const showStrength = async () => {
      const asked = field.value;
      const handle = document.getElementById("handle").value;
      const told = asked && (await postForm(field.dataset.strength, { new: asked, handle }).catch(() => undefined));
      if (field.value !== asked) return;
      shown.textContent = told ? told.text : "";
      if (told) shown.dataset.level = told.level;
      else delete shown.dataset.level;
      if (told && told.level >= MIN_STRENGTH) clearError(field);
    };
    field.addEventListener("input", () => {
      clearTimeout(waiting);
      waiting = setTimeout(showStrength, 250);
    });
  }

  for (const button of document.querySelectorAll("[data-print]")) {
    button.hidden = false;
    button.addEventListener("click", () => print());
  }

  // A passphrase's hash takes a second or more; sent twice it would take twice that.
  for (const form of document.querySelectorAll("[data-slow]")) {
    form.addEventListener("submit", () => {
      const button = form.querySelector("button");
      button.disabled = true;
      button.textContent = form.dataset.slow;
    });
  }

  // A second click would be held against what the first has done.
  for (const form of document.querySelectorAll("form.act")) {
    let sent = false;
    form.addEventListener("submit", (event) => {
      if (sent) event.preventDefault();
      sent = true;
    });
  }

  // Cases are being read: on and on, until the page can be shown.
  const reading = document.querySelector("[data-reading]");
  if (!reading) return;
  const bar = reading.querySelector("progress");
  const text = reading.querySelector("[role=status]");
  const pollProgress = async () => {
    const progress = await postForm(reading.dataset.reading).catch(() => undefined);
    if (!progress || progress.finished) return location.reload();
    [bar.value, bar.max] = [progress.done, progress.total];
    text.textContent = progress.text;
    return pollProgress();
  };
  pollProgress();
})();
