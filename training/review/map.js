// Draws the map of looks: a dot a picture. What it shows is also in the lists of neighbors.

const INSET = 14;
const NEAR_PX = 10;

const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(name);

function kindOf(point, subject) {
  if (point.status === "quarantined") return "flagged";
  if (subject !== null && point.subject !== subject) return "other";
  if (point.status === "trusted") return "good";
  return point.status === "rejected" ? "flagged" : "open";
}

/** A canvas with dots that can be chosen. */
export class LooksMap {
  #canvas;
  #points = [];
  #reach = [1, 1];
  #subject = null;
  #chosen = null;

  constructor(canvas, choose) {
    this.#canvas = canvas;
    canvas.addEventListener("click", (event) => {
      const point = this.#at(event.offsetX, event.offsetY);
      if (point) choose(point);
    });
    canvas.addEventListener("mousemove", (event) => {
      const point = this.#at(event.offsetX, event.offsetY);
      canvas.title = point ? point.subject : "";
    });
    new ResizeObserver(() => this.#draw()).observe(canvas);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.#draw());
  }

  show(points, subject) {
    this.#points = points;
    const farthest = (axis) => points.reduce((most, point) => Math.max(most, Math.abs(point[axis])), 0.01);
    this.#reach = [farthest("x"), farthest("y")];
    this.#subject = subject;
    this.#draw();
  }

  mark(sha256) {
    this.#chosen = sha256;
    this.#draw();
  }

  #place(point) {
    const { clientWidth: width, clientHeight: height } = this.#canvas;
    const scale = Math.min((width / 2 - INSET) / this.#reach[0], (height / 2 - INSET) / this.#reach[1]);
    return [width / 2 + point.x * scale, height / 2 - point.y * scale];
  }

  #at(x, y) {
    const away = (point) => Math.hypot(this.#place(point)[0] - x, this.#place(point)[1] - y);
    const nearest = this.#points.reduce((best, point) => (best && away(best) <= away(point) ? best : point), null);
    return nearest && away(nearest) <= NEAR_PX ? nearest : null;
  }

  #draw() {
    const pen = this.#canvas.getContext("2d");
    const ratio = devicePixelRatio;
    this.#canvas.width = this.#canvas.clientWidth * ratio;
    this.#canvas.height = this.#canvas.clientHeight * ratio;
    pen.scale(ratio, ratio);
    const colors = Object.fromEntries(["flagged", "other", "good", "open", "ink"].map((name) => [name, resolved(color(`--${name}`))]));
    const flaggedLast = [...this.#points].sort((a, b) => (a.status === "quarantined") - (b.status === "quarantined"));
    for (const point of flaggedLast) {
      const kind = kindOf(point, this.#subject);
      const [x, y] = this.#place(point);
      pen.fillStyle = colors[kind];
      pen.beginPath();
      if (kind === "flagged") {
        pen.moveTo(x, y - 6);
        pen.lineTo(x + 5.5, y + 4.5);
        pen.lineTo(x - 5.5, y + 4.5);
      } else {
        pen.arc(x, y, kind === "other" ? 3 : 4, 0, 2 * Math.PI);
      }
      pen.fill();
      if (point.sha256 === this.#chosen) {
        pen.strokeStyle = colors.ink;
        pen.lineWidth = 2;
        pen.beginPath();
        pen.arc(x, y, 9, 0, 2 * Math.PI);
        pen.stroke();
      }
    }
  }
}

/** light-dark() as a color that a canvas knows. */
function resolved(value) {
  const probe = document.createElement("span");
  probe.style.color = value;
  document.body.append(probe);
  const found = getComputedStyle(probe).color;
  probe.remove();
  return found;
}
