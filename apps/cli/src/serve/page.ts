/** The page to try a service: one file without anything from elsewhere. @param name of the model */
export function page(name: string): string {
  const title = name.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} – promptweave</title>
<style>
  :root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
  body { max-width: 46rem; margin: 2rem auto; padding: 0 1rem; }
  #drop { border: 2px dashed GrayText; border-radius: .5rem; padding: 2rem; text-align: center; }
  #drop.over { border-color: Highlight; }
  figure { display: flex; gap: 1rem; margin: 1rem 0; align-items: center; }
  img { width: 8rem; height: 8rem; object-fit: contain; }
  ol { margin: 0; } .error { color: #c33; }
</style>
<h1>${title}</h1>
<p id="drop"><label>Drop images here, or choose them: <input id="files" type="file" accept="image/*" multiple></label></p>
<p><label>Token, where one is needed: <input id="token" type="password" autocomplete="off"></label>
<a href="openapi.json">openapi.json</a></p>
<div id="answers" aria-live="polite"></div>
<script>
  const drop = document.getElementById('drop');
  const shown = document.getElementById('answers');
  const element = (name, text, className = '') => Object.assign(document.createElement(name), { textContent: text, className });
  async function predict(files) {
    for (const file of files) {
      const figure = document.createElement('figure');
      const image = Object.assign(new Image(), { src: URL.createObjectURL(file), alt: file.name });
      figure.append(image, element('p', '…'));
      shown.prepend(figure);
      const body = new FormData();
      body.append('image', file);
      const token = document.getElementById('token').value;
      const headers = token ? { authorization: 'Bearer ' + token } : {};
      try {
        const response = await fetch('predict', { method: 'POST', body, headers });
        const { images, error } = await response.json();
        if (error) throw new Error(error);
        const list = document.createElement('ol');
        for (const { label, probability } of images[0].answers) list.append(element('li', label + ' ' + (100 * probability).toFixed(1) + ' %'));
        figure.lastChild.replaceWith(list);
      } catch (error) {
        figure.lastChild.replaceWith(element('p', error.message, 'error'));
      }
    }
  }
  document.getElementById('files').onchange = (event) => predict(event.target.files);
  drop.ondragover = (event) => { event.preventDefault(); drop.className = 'over'; };
  drop.ondragleave = () => (drop.className = '');
  drop.ondrop = (event) => { event.preventDefault(); drop.className = ''; predict(event.dataTransfer.files); };
</script>
</html>
`;
}
