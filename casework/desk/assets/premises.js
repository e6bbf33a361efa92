// The map of premises. What a place says comes as text and is put in as text: no data is ever read as markup.
// Without a tile source the background stays plain, and nothing is asked of any other machine.
const box = document.getElementById("map");

const paragraph = (text) => {
  const made = document.createElement("p");
  made.textContent = text;
  return made;
};

const popup = (places) => {
  const made = document.createElement("div");
  made.className = "places-popup";
  for (const { id, properties: said } of places) {
    const line = document.createElement("p");
    const link = document.createElement("a");
    link.href = `${box.dataset.page}${Number(id)}`;
    link.textContent = `${said.number}. ${said.place}`;
    line.append(link);
    made.append(line, paragraph(said.said + (said.alert ? ". Closed, and seems to trade." : "")));
  }
  return made;
};

const marker = (places) => {
  const [first] = places;
  const [lon, lat] = first.geometry.coordinates;
  const label = document.createElement("span");
  label.textContent = places.length > 1 ? `${first.properties.number}+` : String(first.properties.number);
  const kind = ["places-mark"];
  if (first.properties.exact) kind.push("places-mark--exact");
  if (places.some((each) => each.properties.alert)) kind.push("places-mark--alert");
  const made = L.marker([lat, lon], { icon: L.divIcon({ html: label, className: kind.join(" "), iconSize: [30, 30] }), riseOnHover: true });
  made.on("add", () => made.getElement().setAttribute("aria-label", places.map((each) => `${each.properties.number}. ${each.properties.place}`).join("; ")));
  return made.bindPopup(() => popup(places), { maxHeight: 200 });
};

const draw = async () => {
  const answer = await fetch(box.dataset.places, { headers: { Accept: "application/geo+json" } });
  if (!answer.ok) return;
  const { features } = await answer.json();
  if (!features.length) return;
  box.hidden = false;
  const map = L.map(box, { attributionControl: false, zoomSnap: 0.5, maxZoom: Number(box.dataset.mostZoom || 19) });
  if (box.dataset.tiles) {
    L.tileLayer(box.dataset.tiles, { maxZoom: map.options.maxZoom }).addTo(map);
    box.after(paragraph(box.dataset.attribution));
  }
  L.control.scale({ imperial: false }).addTo(map);
  const together = new Map();
  for (const each of features) {
    const at = each.geometry.coordinates.join();
    together.set(at, [...(together.get(at) ?? []), each]);
  }
  const drawn = L.featureGroup([...together.values()].map(marker)).addTo(map);
  map.fitBounds(drawn.getBounds(), { padding: [40, 40], maxZoom: 17, animate: false });
};

if (box) draw();
