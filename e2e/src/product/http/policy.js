const tried = async (url) => fetch(url, { mode: 'no-cors', cache: 'no-store' }).then(() => 'sent', () => 'refused');
const image = (src) => new Promise((resolve) => {
  const image = new Image();
  image.onload = () => resolve('sent');
  image.onerror = () => resolve('refused');
  image.src = src;
});
const violations = [];
addEventListener('securitypolicyviolation', (event) => violations.push(event.blockedURI));
const [first, second] = args.reach;
same('fetch', [await tried(`${args.elsewhere}/policy-fetch.txt`), await tried(`${args.other}/policy-fetch.txt`)], [first, second]);
same('image', [await image(`${args.elsewhere}/policy.svg`), await image(`${args.other}/policy.svg`)], [first, second]);
same('what was refused was said', violations.length > 0, [first, second].includes('refused'));
same('its own, data: and blob:', [await tried('index.html'), await tried('data:,x'), await tried(URL.createObjectURL(new Blob(['x']))), await image('data:image/svg+xml,<svg xmlns="http://www.w3.org/2000/svg"/>')],
  ['sent', 'sent', 'sent', 'sent']);
same('code made at run time', new Function('return 1')(), 1);
