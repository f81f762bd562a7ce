// The page: its parts, its keys and its links.
import * as comparison from './compare.mjs';
import {announce, byId} from './dom.mjs';
import {saveAs} from './downloads.mjs';
import * as form from './form.mjs';
import * as run from './run.mjs';
import {offerToken} from './token.mjs';

byId('form').addEventListener('submit', (event) => {
  event.preventDefault();
  void run.start();
});
byId('cancel').addEventListener('click', run.cancel);

addEventListener('keydown', (event) => {
  if (byId('token-dialog').open) return; // has keys of its own
  if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    void run.start();
  } else if (event.key === 'Escape' && run.isRunning()) {
    event.preventDefault();
    run.cancel();
  }
});

byId('copy-link').addEventListener('click', () => {
  const said = (text) => {
    byId('copy-link').textContent = text;
    announce(text);
    setTimeout(() => (byId('copy-link').textContent = 'Copy link'), 2000);
  };
  // Without a secure context there is no clipboard: the address bar has the link all the same.
  const copied = isSecureContext ? navigator.clipboard.writeText(location.href) : Promise.reject(new Error('no clipboard'));
  copied.then(
    () => said('Link copied'),
    () => said('The address bar has the link'),
  );
});
byId('save-problem').addEventListener('click', () => {
  try {
    saveAs('problem.json', `${JSON.stringify(form.asked().problem, null, 2)}\n`, 'application/json');
  } catch (error) {
    form.showError(error);
  }
});

run.begin();
comparison.begin();
offerToken(() => void form.refresh());
void form.begin();
