# Posters and cards that an administration prints: `burkindi admin poster`. A sentence has at most
# 18 words. `{ $body }` is the configured name of the oversight body.

poster-title = Affiche
card-title = Cartes
poster-heading = Un problème à la douane ? Dites-le.
poster-anonymous = Sans nom. Sans compte. Sans numéro.
poster-what = Vous pouvez parler de tout cela
poster-open = Ouvrez cette adresse
poster-scan = Ou visez ce carré avec l’appareil photo de votre téléphone.
poster-later = Notez l’adresse ici. Ouvrez-la plus tard, loin du travail.
poster-onion = Avec le navigateur Tor :
poster-need = Ce qu’il vous faut
poster-need-phone = Un téléphone suffit. Nous ne demandons pas votre nom.
poster-need-address = Nous ne gardons pas votre adresse internet.
poster-need-code = La page vous donne un code secret à noter. Avec lui, vous lisez la réponse.
poster-never = Ce qu’il ne faut jamais faire
poster-never-network = N’utilisez pas le réseau du bureau, ni un téléphone ou un ordinateur du travail.
poster-never-code = Ne montrez votre code secret à personne.
poster-limit = Votre opérateur peut voir que vous visitez ce site. Le navigateur Tor le cache.
poster-readers = Qui lit votre signalement
poster-readers-desk = La petite équipe chargée du sujet. Vous choisissez qui ne doit pas le voir.
poster-readers-desks = Les équipes :
poster-readers-body = Parfois aussi cette autorité, hors de la douane : { $body }.
poster-call = Hors de la douane, vous pouvez appeler
poster-words = Les douze mots de nos clés
poster-words-compare = La page « Comment nous vous protégeons », en français, montre ces mots. Si un mot diffère, ne signalez rien là.
poster-danger = Une vie est en danger ? Appelez d’abord le { $number }.
card-hide = Gardez cette carte hors de vue.
