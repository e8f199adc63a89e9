// Improves forms: strength of a passphrase, printing, protection against double clicks, progress. All forms work without it.
"use strict";
(() => {
  const postForm = (url, fields) => fetch(url, { method: "POST", body: new URLSearchParams(fields) }).then((response) => response.json());

  // The minimum strength of an accepted passphrase.
  const MIN_STRENGTH = 3;
  // Hides the error of a field that is valid now.
  const clearError = (field) => {
    const wrong = document.getElementById(`${field.id}-wrong`);
    if (wrong) wrong.hidden = true;
    field.removeAttribute("aria-invalid");
  };

  // The program computes the strength. The passphrase does not leave this machine.
  for (const field of document.querySelectorAll("[data-strength]")) {
    const shown = document.getElementById("new-strength");
    let waiting;
    const showStrength = async () => {
      const typed = field.value;
      const handle = document.getElementById("handle").value;
      const rating = typed && (await postForm(field.dataset.strength, { new: typed, handle }).catch(() => undefined));
      if (field.value !== typed) return;
      shown.textContent = rating ? rating.text : "";
      if (rating) shown.dataset.level = rating.level;
      else delete shown.dataset.level;
      if (rating && rating.level >= MIN_STRENGTH) clearError(field);
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

  // Hashing a passphrase takes a second or more. A second click would double that time.
  for (const form of document.querySelectorAll("[data-slow]")) {
    form.addEventListener("submit", () => {
      const button = form.querySelector("button");
      button.disabled = true;
      button.textContent = form.dataset.slow;
    });
  }

  // A second click would be rejected, because the first one has changed the case.
  for (const form of document.querySelectorAll("form.act")) {
    let sent = false;
    form.addEventListener("submit", (event) => {
      if (sent) event.preventDefault();
      sent = true;
    });
  }

  // While cases are being read, polls the progress until the page can be shown.
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
