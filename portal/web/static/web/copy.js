// A button that copies a field.
//
// <button data-copies="#new-key" hidden> copies the field #new-key; an element with
// data-copied says how it went. Without this module the field is there to be selected.

for (const button of document.querySelectorAll("button[data-copies]")) {
  const field = document.querySelector(button.dataset.copies);
  const said = document.querySelector("[data-copied]");

  button.hidden = false;
  button.addEventListener("click", async () => {
    field.select();
    said.textContent = (await copied(field.value)) ? "Copied." : "Selected; press Ctrl and C.";
  });
}

// Browsers give pages no clipboard but over https, so there is the older way as well.
async function copied(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return document.execCommand("copy");
  }
}
