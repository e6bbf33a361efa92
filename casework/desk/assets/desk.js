// What pages gain where scripts run. Each page reads and judges without it.
import { initAll } from "../vendor/govuk-frontend/govuk-frontend.min.js";

document.body.classList.add("js-enabled", "govuk-frontend-supported");
initAll();

// htmx sends the token of forms with every request that changes something
document.body.addEventListener("htmx:configRequest", (event) => {
  const token = document.querySelector('input[name="csrf"]');
  if (token && event.detail.verb !== "get") event.detail.headers["X-CSRF-Token"] = token.value;
});

// a form that takes long says so, and is not sent twice
document.addEventListener("submit", (event) => {
  const button = event.submitter;
  if (button?.dataset.busy) button.textContent = button.dataset.busy;
});
