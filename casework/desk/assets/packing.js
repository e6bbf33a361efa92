// How far a pack is, as the server tells it; without scripts the page asks again by itself.
const part = document.querySelector("[data-packing]");
if (part) {
  const bar = part.querySelector("progress");
  const stage = part.querySelector("[data-packing-stage]");
  const source = new EventSource(part.dataset.packing);
  source.addEventListener("message", (event) => {
    const said = JSON.parse(event.data);
    bar.max = said.of;
    bar.value = said.done;
    if (said.stage) stage.textContent = `${said.stage} (${said.done} of ${said.of} done)`;
    if (said.over) {
      source.close();
      window.location.reload();
    }
  });
}
