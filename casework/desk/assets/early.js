// Before anything is drawn: what needs a script may show itself, and GOV.UK Frontend's parts know that they may begin.
document.documentElement.classList.add("js-enabled", ...("noModule" in HTMLScriptElement.prototype ? ["govuk-frontend-supported"] : []));
document.addEventListener("DOMContentLoaded", () => document.body.classList.add("js-enabled", "govuk-frontend-supported"));
