// Progress as it happens. Without scripts the page shows it as it stood when it was opened.
const place = document.getElementById("progress");
const note = document.getElementById("progress-note");

if (place && window.EventSource) {
  const events = new EventSource(place.dataset.events);
  events.addEventListener("progress", (event) => {
    const runs = JSON.parse(event.data).filter((run) => !place.dataset.of || run.operation === place.dataset.of);
    const shown = document.createElement(runs.length ? "ul" : "p");
    shown.className = runs.length ? "govuk-list desk-running" : "govuk-body";
    if (!runs.length) shown.textContent = "Nothing is running.";
    for (const run of runs) {
      const row = document.createElement("li");
      const what = document.createElement("strong");
      what.textContent = run.what;
      row.append(what, document.createElement("br"), run.counts);
      shown.append(row);
    }
    place.replaceChildren(shown);
    note.textContent = "Kept up to date while this page is open.";
  });
  events.addEventListener("ended", () => {
    events.close();
    note.textContent = "You are signed out. Sign in to see more.";
  });
  events.addEventListener("full", () => {
    events.close();
    note.textContent = "Too many pages are open to keep this one up to date. Open it again to see how far it has come.";
  });
  window.addEventListener("pagehide", () => events.close());
}
