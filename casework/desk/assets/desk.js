// What pages gain where scripts run. Each page reads and judges without it.
import { initAll } from "../vendor/govuk-frontend/govuk-frontend.min.js";

document.body.classList.add("js-enabled", "govuk-frontend-supported");
initAll();

// htmx sends the token of forms with every request that changes something
document.body.addEventListener("htmx:configRequest", (event) => {
  const token = document.querySelector('input[name="csrf"]');
  if (token && event.detail.verb !== "get") event.detail.headers["X-CSRF-Token"] = token.value;
});

// in a narrow window the rows of a table stand one below the other, each cell beside its column's heading (desk.css)
for (const table of document.querySelectorAll(".desk-scroll > table")) {
  const headings = [...(table.tHead?.rows[0]?.cells ?? [])].map((cell) => cell.textContent.trim());
  for (const row of [...table.tBodies, ...(table.tFoot ? [table.tFoot] : [])].flatMap((part) => [...part.rows])) {
    [...row.cells].forEach((cell, place) => {
      if (!cell.children.length && !cell.textContent.trim()) cell.classList.add("desk-stacked__nothing");
      else if (headings[place]) cell.dataset.label = headings[place];
    });
  }
  table.classList.add("desk-stacked");
}

// a form that takes long says so, and is not sent twice
document.addEventListener("submit", (event) => {
  const button = event.submitter;
  if (button?.dataset.busy) button.textContent = button.dataset.busy;
});
