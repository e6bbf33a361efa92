// The graph of a seller's network. Whatever the data say becomes text of the document, never markup; the tables below say the same without it.
const place = document.querySelector(".network-graph");
const canvas = document.getElementById("graph");
const shown = document.getElementById("evidence");
const COLOURS = { seller: "#1d70b8", phone: "#00703c", email: "#00703c", payment: "#4c2c92", premises: "#f47738" };

const make = (tag, text, attributes = {}) => {
  const made = Object.assign(document.createElement(tag), attributes);
  if (text) made.textContent = text;
  return made;
};
const link = (path, text) => make("a", text, { className: "govuk-link", href: `${place.dataset.root}${path}` });
const picture = (sha256, alt) => make("img", "", { src: `${place.dataset.root}/pictures/${encodeURIComponent(sha256)}?size=400`, alt });

function evidence(title, parts) {
  shown.replaceChildren(make("h2", title, { className: "govuk-heading-s" }), ...parts.map((each) => {
    const line = make("p", "", { className: "govuk-body" });
    line.append(each);
    return line;
  }));
  shown.hidden = false;
}

function ofEdge(data, graph) {
  const parts = [data.why, `Known by ${data.method}, strength ${Number(data.score).toFixed(2)}.`];
  const thing = graph.getElementById(data.target).data();
  if (thing.picture) parts.push(picture(thing.picture, "The picture that they share"));
  if (data.capture) parts.push(link(`/captures/${data.capture}`, `Capture ${data.capture}, which shows it`));
  evidence("Evidence of this line", parts);
}

function ofNode(data, graph) {
  if (data.kind === "seller") return evidence(data.label, [`Account ${data.seller} on ${data.source}.`, link(`/sellers/${data.seller}`, "Open the account")]);
  const who = graph.getElementById(data.id).connectedEdges().map((edge) => edge.data("why"));
  evidence(data.label, [...(data.picture ? [picture(data.picture, "The picture that they share")] : []), ...who]);
}

async function draw() {
  const answer = await fetch(place.dataset.graph, { headers: { Accept: "application/json" } });
  if (!answer.ok) return;
  const { nodes, edges } = await answer.json();
  canvas.hidden = false;
  document.getElementById("drawing").hidden = true;
  const graph = window.cytoscape({
    container: canvas,
    elements: [...nodes, ...edges].map((data) => ({ data: { ...data, short: String(data.label ?? "").slice(0, 26), image: data.picture ? `${place.dataset.root}/pictures/${data.picture}?size=200` : "" } })),
    minZoom: 0.2, maxZoom: 4, wheelSensitivity: 0.2,
    layout: { name: "cose", animate: false, randomize: false, nodeRepulsion: 400000, idealEdgeLength: 90, nodeDimensionsIncludeLabels: true, padding: 30 },
    style: [
      { selector: "node", style: { label: "data(short)", "font-size": 12, "text-wrap": "wrap", "text-max-width": 110, "text-valign": "bottom", "text-margin-y": 4, shape: "rectangle", width: 18, height: 18, "background-color": (node) => COLOURS[node.data("kind")] ?? "#505a5f" } },
      { selector: 'node[kind = "seller"]', style: { shape: "ellipse", width: 30, height: 30 } },
      { selector: "node[?here]", style: { "border-width": 5, "border-color": "#0b0c0c" } },
      { selector: 'node[image != ""]', style: { label: "", width: 64, height: 64, "background-color": "#fff", "background-image": "data(image)", "background-fit": "cover", "border-width": 1, "border-color": "#505a5f" } },
      { selector: "edge", style: { width: (edge) => 1 + 3 * edge.data("score"), "line-color": (edge) => (edge.data("kind") === "joined" ? "#d4351c" : "#b1b4b6"), "curve-style": "bezier" } },
      { selector: ":selected", style: { "line-color": "#0b0c0c", "border-width": 4, "border-color": "#d4351c" } },
    ],
  });
  graph.on("tap", "edge", (event) => ofEdge(event.target.data(), graph));
  graph.on("tap", "node", (event) => ofNode(event.target.data(), graph));
}

if (place && canvas) draw();
