// Lets a file be dropped onto the form, and a code be scanned. Without this script the form works all the same.
"use strict";

const drop = document.getElementById("drop");
const file = document.getElementById("file");
document.getElementById("hint").hidden = false;

for (const name of ["dragover", "drop"]) {
  // Else a file that misses the field would take the page's place.
  document.addEventListener(name, (event) => event.preventDefault());
}
drop.addEventListener("dragover", () => drop.classList.add("over"));
drop.addEventListener("dragleave", () => drop.classList.remove("over"));
drop.addEventListener("drop", (event) => {
  drop.classList.remove("over");
  if (event.dataTransfer.files.length === 1) {
    file.files = event.dataTransfer.files;
    file.focus();
  }
});

// A file, a photo and a text at once would be three questions.
const photo = document.getElementById("photo");
const text = document.getElementById("credential");
const code = document.getElementById("code");
const chosen = (one) => {
  for (const other of [file, photo, text, code]) if (other !== one) other.value = "";
};
for (const field of [file, photo]) field.addEventListener("change", () => chosen(field));
// Who comes back has scanned nothing yet.
addEventListener("pageshow", () => { code.value = ""; });

// Where the browser reads codes itself, the camera is another way to give one. It is asked for on a click, and let go as soon as a
// code is found, with the page, or on another click.
const start = document.getElementById("start");
const stopper = document.getElementById("stop");
const view = document.getElementById("view");
const video = document.getElementById("video");
const told = document.getElementById("told");
let stream = null;

function stop() {
  for (const track of stream?.getTracks() ?? []) track.stop();
  stream = video.srcObject = null;
  view.hidden = true;
  start.hidden = false;
}

async function scan() {
  told.textContent = "";
  start.disabled = true;
  try {
    stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
    video.srcObject = stream;
    await video.play();
  } catch {
    stop();
    told.textContent = "The camera cannot be used here. Take a photo of the code instead.";
    return;
  } finally {
    start.disabled = false;
  }
  const seen = stream;
  seen.getVideoTracks()[0].addEventListener("ended", stop);
  view.hidden = false;
  start.hidden = true;
  stopper.focus();
  told.textContent = "Hold the code in front of the camera.";
  const detector = new BarcodeDetector({ formats: ["qr_code"] });
  while (stream === seen) {
    const [found] = await detector.detect(video).catch(() => []);
    if (found?.rawValue && stream === seen) {
      stop();
      chosen(code);
      code.value = found.rawValue;
      code.form.requestSubmit();
      return;
    }
    await new Promise((resolve) => { setTimeout(resolve, 150); });
  }
}

start.addEventListener("click", scan);
stopper.addEventListener("click", () => {
  stop();
  told.textContent = "";
  start.focus();
});
addEventListener("pagehide", stop);
if ("BarcodeDetector" in globalThis && navigator.mediaDevices) {
  BarcodeDetector.getSupportedFormats().then((formats) => {
    document.getElementById("camera").hidden = !formats.includes("qr_code");
  });
}
