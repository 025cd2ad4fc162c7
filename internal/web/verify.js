// Lets a file be dropped onto the form. Without this script the form works all the same.
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
// A file and a text at once would be two questions.
file.addEventListener("change", () => { document.getElementById("credential").value = ""; });
