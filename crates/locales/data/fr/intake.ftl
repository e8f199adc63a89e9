### Les pages de la personne qui signale. Des mots simples, quinze mots par phrase au plus.

## Cadre

skip = Aller au contenu
leave = Quitter ce site
languages = Langues
back = Retour
change = Modifier
cover = Masquer
required = (obligatoire)
footer-kept = Ce site ne demande pas votre nom et ne garde ni adresse internet ni cookie.
protect-link = Comment nous vous protégeons
step = Étape { $number }/{ $last }
seal = Notre site lit votre texte, puis le verrouille.
seal-short = Notre site lit, puis verrouille.
emergency = Une vie est en danger ? Appelez d’abord le { $number }.

## Aide parlée

listen-size = { $size } Mo
listen-off = Arrêter l’aide
listen-item = Écouter :
listen-stop = Arrêter
listen-wait = Le son arrive. Cela peut durer.
listen-ready = Touchez un haut-parleur. On peut l’entendre près de vous : prenez un écouteur.
listen-failed = Le son n’est pas arrivé. Vérifiez la connexion, puis réessayez.
listen-unsupported = Ce navigateur ne peut pas lire le son.

## Dates

date-day = { $day } { $month } { $year }
date-first = 1er { $month } { $year }
date-week = semaine du { $day }
month-1 = janvier
month-2 = février
month-3 = mars
month-4 = avril
month-5 = mai
month-6 = juin
month-7 = juillet
month-8 = août
month-9 = septembre
month-10 = octobre
month-11 = novembre
month-12 = décembre

## Accueil

home-title = Accueil
home-heading = Un problème à la douane ? Dites-le.
home-lead = Sans compte, sans donner votre nom.
home-promise-who = Vous choisissez qui ne le voit pas.
home-device = Utilisez votre téléphone, pas le réseau du bureau.
home-held = Papiers retenus ? Demandez poliment le tarif officiel.
home-report = Signaler
home-return = Suivre mon signalement
home-advice = Demander conseil
home-learn = Que feriez-vous ?
home-outside-what = Hors de la douane :

## Apprendre

learn-title = Apprendre
learn-heading = Que feriez-vous ?
learn-lead = De courtes situations du travail en douane. Touchez une réponse pour voir la suite.
learn-untracked = Vos réponses ne quittent pas votre appareil.
learn-what = Que feriez-vous ?
learn-sound = Un bon choix.
learn-unsound = Ce n’est pas le meilleur choix.
learn-seen = Avez-vous vu quelque chose de semblable ? Le sujet à choisir :
learn-report = Le signaler

## Avant de commencer

before-device = Utilisez votre propre téléphone ou ordinateur.
before-device-why = N’utilisez ni le téléphone ni l’ordinateur du travail.
before-network = Évitez le réseau du bureau.
before-network-why = Le Wi-Fi du bureau peut montrer qui a ouvert cette page.
before-photos = Les photos et les fichiers peuvent vous trahir.
before-photos-why = Ils contiennent souvent le lieu, la date ou le nom de l’appareil.
before-danger-why = Ce site n’est pas un service d’urgence.
before-limit-facts = Un fait que peu de gens connaissent peut vous désigner.
before-limit-history = Votre téléphone peut garder la trace de cette visite. Utilisez la navigation privée.

## Choix

audience-heading = Vous signalez en tant que…
audience-hint = Cela aide à choisir l’équipe et est joint à votre envoi.
subject-title = Étape 1
subject-heading = De quoi s’agit-il ?
case-title = Étape 2
case-heading = Le cas le plus proche ?
choose-unsure = Je ne sais pas
choose-advice = Je veux un conseil
tell-title = Étape 3
advice-tell-title = Conseil, étape 2
advice-review-title = Conseil, étape 3
tell-heading-advice = Posez votre question
tell-quick = Si vous le savez
tell-speak = Ou parlez
tell-facts = Ajouter des détails
facts-title = Détails
facts-heading = Des détails qui aident
facts-hint = Répondez à ce que vous pouvez. Laissez le reste vide.
facts-you = Vous

## Questions

questions-where = Où et quand
questions-what = Les faits
questions-who = Les personnes concernées
questions-exclude = Qui ne doit pas voir votre signalement
questions-you = Votre sécurité et la suite
questions-few = Quelques faits
gentle-heading = Vous allez à votre rythme
gentle-pace = Dites aujourd’hui seulement ce que vous voulez. Vous pouvez laisser toutes les questions vides.
gentle-later = Vous pouvez envoyer très peu. Avec votre code secret, vous pourrez compléter plus tard.
gentle-fault = Ce qu’on vous a fait n’est pas votre faute.
gentle-support = Des personnes à qui parler
questions-review = Continuer
questions-back = La touche Retour de l’appareil perd ce texte : touchez d’abord « { questions-review } ».
questions-keep = Sans brouillon, fermer cette page efface tout.
no-answer = Choisir
radio-none = Sans réponse
only-if = Seulement si vous avez répondu « { $answers } » à « { $question } »
list-or = {" ou "}
period-date = Donner une date
period-words = Une date, ou par exemple « début mai »
guarded-anyway = Je veux le donner quand même
format-example = Exemple : { $example }

## Erreurs de saisie

wrong-title = {"Erreur : "}
wrong-heading = Il y a quelque chose à corriger
wrong-choice = Ce choix n’est plus proposé. Choisissez à nouveau.
wrong-option = Choisissez une des réponses de la liste.
wrong-story-missing = Écrivez quelques mots. Une phrase suffit.
wrong-message-missing = Écrivez un message ou ajoutez un fichier.
wrong-receipt-missing = Entrez votre code secret, ou vos douze mots.
wrong-receipt = Nous ne reconnaissons pas ce code. Comparez chaque caractère avec ce que vous avez noté.
wrong-receipt-word = Le mot « { $word } » n’est pas dans la liste.
wrong-receipt-place = Le mot { $place }, « { $word } », n’est pas dans la liste.
wrong-receipt-near = Le plus proche est « { $near } ».
wrong-receipt-take = Prendre « { $near } »
wrong-receipt-words = Il y a { $count } mots sur 12. Comparez avec ce que vous avez noté.
wrong-receipt-length = Il y a { $count } caractères sur 28. Comparez avec ce que vous avez noté.
wrong-receipt-group = Le groupe { $group } a { $count } caractères au lieu de 4. Comparez-le avec ce que vous avez noté.
wrong-receipt-character = Dans le groupe { $group }, le signe « { $sign } » n’est dans aucun code. Comparez avec ce que vous avez noté.
wrong-receipt-code = Un caractère est faux, ou deux sont échangés. Comparez chaque groupe avec ce que vous avez noté.
wrong-receipt-order = Les douze mots existent, mais un mot est faux ou deux sont échangés. Comparez chaque mot et leur ordre.
wrong-receipt-two = Ceci contient deux codes secrets différents. N’en laissez qu’un.
wrong-receipt-file = Nous ne trouvons pas de code secret dans ce fichier. Copiez le code à la main.
wrong-earlier = Ce n’est pas le code secret d’un autre signalement. Corrigez-le, ou laissez vide.
wrong-earlier-nothing = Il n’y a encore rien avec l’autre code secret. Réessayez demain.
wrong-earlier-damaged = Les messages de l’autre signalement sont abîmés. Contactez : { $contact }.
wrong-long = C’est trop long. La limite est de { $limit } caractères.
wrong-format = Écrivez la réponse comme dans l’exemple.
wrong-much = C’est trop pour un seul formulaire. Raccourcissez votre texte.
wrong-text = Certains caractères ne peuvent pas être lus. Effacez-les et réessayez.

## Relecture

review-title = Étape 4
review-heading = Vérifiez, puis envoyez
review-warnings = Ceci pourrait vous désigner
review-warnings-what = Vous décidez. Masquez, modifiez ou laissez tel quel.
review-hint = On lira aussi : fichiers, langue, jour, façon de verrouiller.
readers-heading = Qui le lira
readers-count = { $count ->
    [one] { $count } personne
   *[other] { $count } personnes
}
readers-exclude = Écarter quelqu’un
readers-only = Seuls leurs ordinateurs l’ouvrent.
readers-idle = personne de l’équipe de ce sujet n’y est inscrit. Ce choix n’écarte donc personne.
readers-later = Plus tard, cette autorité pourra aussi le lire : { $body }. Cela arrive si un délai est dépassé, ou si l’équipe n’a plus assez de membres. Vous et l’équipe pouvez aussi le demander. L’équipe peut aussi le confier à une autre personne que vous n’avez pas écartée.
readers-cases = Et plus tard ?
readers-refused = Vous n’avez pas dit oui : cette autorité ne pourra pas l’ouvrir, { $body }. Seule l’équipe verra si un délai est dépassé.
readers-none-left = Vous avez écarté trop de personnes. Aucune équipe de la douane ne peut plus le lire.
readers-oversight = Il va directement à cette autorité, hors de la douane : { $body }.
readers-refused-alone = Vous n’avez pas dit oui à cette autorité : { $body }. Il ne reste donc personne pour le lire. Pour l’envoyer, changez une réponse.
readers-allow = Autoriser cette autorité : { $body }
readers-exclude-fewer = Écarter moins de personnes
review-danger = Si quelqu’un est en danger maintenant, appelez d’abord le { $number }.
review-category = Sujet
review-audience = Vous êtes
review-send = Envoyer mon signalement
review-send-advice = Envoyer ma question
review-wait = L’envoi peut être long.
files-heading = Photos ou fichiers
files-warn = Un fichier peut vous trahir.
files-hint = Ajoutez les fichiers en dernier.
files-cuts = La connexion coupe souvent ? Envoyez d’abord le texte. Plus tard, un fichier à la fois.
files-how = Nettoyage des fichiers
files-again = Choisissez de nouveau vos fichiers.
files-clean = Avant de verrouiller vos fichiers, nous retirons lieux, appareils, dates et noms cachés. Nous les renommons aussi.
files-unclean = Nous ne savons pas nettoyer : .doc, .xls, .ppt, .rtf, .tif, .ogg, .zip, .vcf, .ps, courriels, pages web et types inconnus. Ils partent tels quels. Nettoyer un fichier signé annule sa signature.
files-keep = Garder mes fichiers tels quels.
files-keep-why = Ils peuvent alors montrer qui vous êtes.
guard-receipt = Un code secret. Une personne qui le lit peut ouvrir nos réponses :
guard-phone = Un numéro de téléphone :
guard-email = Une adresse e-mail :
guard-name = Peut-être votre nom :
guard-declaration = Un numéro qui identifie un dossier :
guard-vehicle = Un numéro de véhicule ou de conteneur :
guard-time = Une heure exacte :
guard-date = Une date exacte :
guard-tax = Un numéro fiscal :
guard-identity = Un numéro de pièce d’identité :
guard-function = Un poste que peu de personnes occupent :
guard-only-me = Peu de personnes le savent. Elles pourraient deviner que c’est vous.

## Ce que disent les fichiers

file-looking = Vérification sur votre appareil…
file-redrawn = Redessinée sur votre appareil. Lieu, dates et appareil ont disparu.
file-reduced = Redessinée plus petite sur votre appareil. Lieu, dates et appareil ont disparu.
file-full-size = Garder la taille d’origine
file-failed = Nous n’avons pas pu nettoyer cette image. Elle peut montrer qui vous êtes.
file-as-it-is = L’envoyer telle quelle
file-kept = Il partira tel quel, comme vous l’avez choisi. Il peut montrer qui vous êtes.
file-left-out = Ne pas l’envoyer
file-choose = Décidez pour { $what } : envoyez cette image telle quelle, ou ne l’envoyez pas.
file-unknown = Nous ne pouvons pas tout vérifier dans ce fichier. Il peut montrer qui vous êtes.
file-unreadable = Nous ne pouvons pas examiner ce fichier. La connexion a peut-être été coupée, ou le fichier a été déplacé, modifié ou supprimé.
file-unreadable-choose = Nous ne pouvons pas examiner { $what }. Choisissez-le de nouveau, ou ne l’envoyez pas.
file-again = Le choisir de nouveau
scrubbed-heading = Ce que nous avons fait de vos fichiers
scrubbed-image = Image { $number }
scrubbed-document = Document { $number }
scrubbed-audio = Enregistrement { $number }
scrubbed-video = Vidéo { $number }
scrubbed-file = Fichier { $number }
scrubbed-removed = Retiré : { $what }.
scrubbed-left = Il peut encore contenir : { $what }.
scrubbed-nothing = Nous n’avons trouvé aucune trace cachée. Vérifiez ce qu’il montre.
scrubbed-kept = Envoyé tel quel, comme vous l’avez choisi.
scrubbed-broken = Une partie n’a pas pu être lue. Elle a été envoyée telle quelle.
scrubbed-unknown = Nous ne pouvons pas vérifier ce type de fichier. Il a été envoyé tel quel.
scrubbed-failed = Nous n’avons pas pu nettoyer ce fichier. Il n’est pas parti en entier. Revenez avec votre code secret pour l’envoyer tel quel. Il peut alors montrer qui vous êtes.
scrubbed-empty = Ce fichier est vide.
scrubbed-signed = Il porte une signature électronique. Elle nomme qui a signé.
scrubbed-signature-broken = Il porte une signature électronique. Elle n’est plus valable, car nous avons retiré quelque chose. Elle nomme encore qui a signé.
scrubbed-advice = Une photo de la page en dit moins que le fichier lui-même.
# Between the items of a list, with the space.
list-separator = { ", " }
trace-author = un nom
trace-place = un lieu
trace-date = des dates
trace-device = l’appareil ou le logiciel
trace-words = des titres ou commentaires
trace-preview = une image cachée
trace-history = qui a modifié quoi
trace-other = d’autres notes

## Code secret

receipt-title = C’est arrivé
receipt-heading = C’est arrivé. Notez votre code secret.
receipt-lead = Sans lui, impossible de lire notre réponse ici.
receipt-code = Code secret
receipt-words = Ou ces douze mots, dans cet ordre
receipt-keep-how = L’un des deux suffit.
receipt-secret = Ne le montrez à personne.
receipt-secret-why = Une personne qui l’a peut lire nos réponses et écrire à votre place.
receipt-print = Vous pouvez imprimer ou photographier cette page.
receipt-print-why = Elle ne montre pas ce que vous signalez. Jamais sur un appareil partagé : une copie y reste.
receipt-qr = Le code sous forme de code QR
receipt-qr-use = Scannez ce carré avec un autre de vos appareils pour y copier le code. Le lecteur peut le garder dans son historique.
receipt-save = Enregistrer en fichier texte
receipt-save-what = Le fichier s’appelle « reference ». Il ne contient que le code et les mots.
receipt-next = Et maintenant ?
receipt-next-answer = Une personne doit vous répondre ici au plus tard le { $day }.
receipt-next-answer-soon = Une personne doit vous répondre ici dans une semaine environ. Revenez alors.
receipt-next-missed = S’il n’y est pas déjà et que vous n’avez pas refusé, il va alors à cette autorité : { $body }.
receipt-late = Et sans réponse ?
receipt-done = Je l’ai noté
receipt-gone = Ensuite, personne ne peut vous remontrer ce code.
receipt-sure = Oui, je l’ai noté
receipt-use = Pour lire notre réponse, revenez sur ce site avec ce code.
receipt-address = La page où l’entrer finit par
receipt-more = Imprimer, enregistrer
receipt-scan = Scanner le code
receipt-still = Notez d’abord votre code secret. Touchez ensuite « { receipt-done } ».

## Copie et brouillon

review-copy = Garder une copie de ce que j’envoie
review-copy-what = Un fichier qui ne s’ouvre qu’avec votre code secret. Pas sur un appareil partagé.
own-save = Enregistrer ma copie verrouillée
own-apart = Gardez-la loin de votre code secret. Une personne qui a les deux lit vos messages.
own-found = Une personne qui trouve ce fichier seul ne peut pas le lire. Elle peut deviner que vous cachez quelque chose.
own-heading = Relire mes messages
own-what = Cette page ne contient pas vos messages. Choisissez la copie que vous avez enregistrée. Ouvrez-la avant d’écrire : elle s’allonge alors.
own-file = Ma copie verrouillée
own-server = Notre site ouvre votre copie pour vous.
own-open = Ouvrir ma copie
own-wrong = Ce fichier n’est pas une copie de ce signalement, ou il a été modifié.
own-older = Votre copie ne contient pas vos messages les plus récents.
own-cut = Vos messages les plus anciens n’ont pas de place sur cette page.
own-again = Votre copie est longue. Choisissez-la encore quand vous écrivez ou rechargez.
thread-all = Tous les messages, le plus récent en premier
thread-from-team = Pour vous
thread-from-you = De vous
thread-own-files = Fichiers : { $what }
draft-keep = Garder ce brouillon
draft-continue = Continuer un brouillon
draft-what = Vos réponses sont verrouillées dans un fichier. Vos fichiers et votre voix n’y sont pas.
draft-words = Notez ces douze mots, dans cet ordre.
draft-words-why = Sans eux, le brouillon ne s’ouvre plus. Personne ne peut les retrouver.
draft-save = Enregistrer le fichier
draft-found = Une personne qui trouve ce fichier ne peut pas le lire sans les mots. Elle peut deviner que vous cachez quelque chose.
draft-address = Ou copiez cette adresse
draft-address-what = Elle contient le même brouillon. Elle montre que vous êtes venu ici.
draft-again = Ce que vous changez ensuite n’y est pas. Gardez alors un nouveau brouillon.
draft-file = Le fichier du brouillon
draft-words-label = Les douze mots du brouillon
draft-replaces = Le brouillon remplace ce qui est écrit ici.
draft-open = Ouvrir le brouillon
draft-wrong = Ce brouillon ne s’ouvre pas. Vérifiez le fichier et les douze mots.
draft-failed = Cela n’a pas fonctionné. Vérifiez la connexion, puis réessayez.

## Retour

return-title = Revenir
return-heading = Suivre mon signalement
return-label = Votre code secret, ou vos douze mots
return-hint = Majuscules et accents ne comptent pas. Dans le code, espaces et tirets non plus.
return-hint-file = Vous pouvez coller ici tout le fichier enregistré.
return-file = Ou choisissez le fichier enregistré
return-file-photo = Ou choisissez le fichier enregistré, ou une photo du carré
return-file-stays = Il ne quitte pas cet appareil.
return-seal = Notre site ouvre vos messages pour vous. Il les oublie 15 minutes après la dernière utilisation.
return-open = Ouvrir
return-nothing = Il n’y a rien ici
return-nothing-soon = Si vous avez envoyé votre signalement aujourd’hui, revenez demain.
return-nothing-check = Sinon, vérifiez encore votre code secret, caractère par caractère. S’il est juste, contactez : { $contact }. Un dossier fermé depuis longtemps est effacé.
return-damaged = Cette boîte de messages est abîmée
return-damaged-what = Votre code secret est bon, mais ce qui est ici a été abîmé ou modifié. Nous ne le montrons pas.
return-damaged-do = N’écrivez pas ici. Contactez : { $contact }.
return-failed = Nous n’avons pas pu ouvrir vos messages. Gardez cette page ouverte et réessayez.
return-lost = J’ai perdu mon code secret
return-lost-what = Personne ne peut le retrouver, pas même nous. Vous pouvez refaire un signalement.

## Messages

thread-title = Messages
thread-heading = Où en est votre signalement ?
thread-next = Vous pouvez attendre des nouvelles au plus tard le { $day }.
thread-outside = Cette autorité a votre signalement : { $body }.
thread-outside-asked = Vous avez demandé cette autorité : { $body }. Deux personnes de l’équipe doivent encore lui ouvrir l’accès.
thread-received = { $count ->
    [one] Nous avons reçu { $count } message de vous, signalement compris.
   *[other] Nous avons reçu { $count } messages de vous, signalement compris.
}
thread-read = { $count ->
    [one] Une personne vous a répondu après avoir lu votre signalement.
   *[other] Une personne vous a répondu après avoir lu vos { $count } premiers messages.
}
thread-unread = Quand nous répondrons, cette page dira ce qu’une personne a lu.
thread-log-countersigned = Votre signalement est noté dans notre registre. Cette autorité a aussi signé le registre le { $day } : { $body }.
thread-log-logged = Votre signalement est noté dans notre registre. Cette autorité le signe aussi, d’ordinaire en une semaine : { $body }.
thread-log-waiting = Votre signalement est enregistré. La preuve qu’il est dans notre registre viendra ici.
thread-log-message = Le dernier message reçu de vous y est aussi.
thread-log-message-waiting = Le dernier message reçu de vous est enregistré et suivra.
thread-uncollected = Votre dernier message n’est pas encore arrivé chez l’équipe.
thread-week = Mis à jour la { $week }.
thread-step = Étape du dossier : { $count }/5
thread-newest = Dernier message pour vous
thread-older = Messages plus anciens
thread-none = Pas encore de message.
thread-sent = Votre message est en route
thread-sent-what = Cette page montrera quand l’équipe l’a reçu. Ne le renvoyez pas aujourd’hui.
thread-again = Voir s’il y a du nouveau
thread-close = Fermer
thread-kept = Pendant 15 minutes, l’historique de cet appareil peut rouvrir cette page. « Fermer » y met fin.
reply-heading = Nous écrire
reply-label = Votre message
reply-warn = Rappel : ni votre nom, ni ce que personne d’autre ne sait.
reply-outside = Je veux que cette autorité lise aussi mon signalement : { $body }.
reply-files = Ajouter des photos ou fichiers
reply-files-hint = Si la connexion coupe souvent, envoyez un fichier à la fois.
earlier-heading = Avez-vous fait un autre signalement sur la même chose ?
earlier-what = Donnez son code secret. Qui peut lire les deux verra le lien. Le code n’est pas transmis.
earlier-warn = Les personnes qui lisent les deux sauront qu’une même personne les a écrits.
earlier-label = Code secret de l’autre signalement
reply-again = Appuyez ensuite de nouveau sur Envoyer.
reply-seal = Notre site reçoit votre message, puis le verrouille avant de l’enregistrer.
reply-send = Envoyer
add-heading = Ajouter des détails qui aident
add-unsent = Vos détails ne sont pas encore envoyés.
add-what = Répondez à des questions sur votre cas. Choisissez d’abord le sujet : cette page ne le connaît pas.
add-open = Répondre aux questions
add-none = Répondez au moins à une question.
stage-received = Reçu
stage-received-means = Votre signalement est arrivé. Quelqu’un le lira bientôt.
stage-received-next = Ensuite, cette personne juge de son urgence.
stage-triaged = Lu
stage-triaged-means = Une personne a lu votre signalement et jugé de son urgence.
stage-triaged-next = Ensuite, en général, nous vérifions les faits, ou nous fermons le dossier.
stage-assessing = En vérification
stage-assessing-means = Nous vérifions si les faits peuvent être confirmés.
stage-assessing-next = Ensuite vient en général une enquête, ou une autre autorité s’en charge.
stage-investigating = Enquête en cours
stage-investigating-means = Une enquête est en cours. Elle peut durer quelques mois.
stage-investigating-next = Ensuite vient en général une décision.
stage-decided = Décision prise
stage-decided-means = Une décision est prise. Nous vous écrirons ici à ce sujet.
stage-decided-next = Ensuite, en général, le dossier est fermé.
stage-referred = Confié à une autre autorité
stage-referred-means = Une autre autorité s’en charge. Nous suivons ce qu’elle fait.
stage-referred-next = Ensuite, en général, l’affaire nous revient, ou le dossier est fermé.
stage-closed = Dossier clos
stage-closed-means = Le travail est terminé. Vous pouvez encore écrire, et le dossier peut rouvrir.
stage-closed-next = Aucune suite n’est prévue pour l’instant.
stage-unreadable-means = Nous n’avons pas pu ouvrir votre signalement. Refaites-en un, s’il vous plaît.
finding-forged = Un message ne venait pas de nous. Il n’est pas montré.
finding-earlier = { $count ->
    [one] Un message plus ancien n’est plus ici.
   *[other] { $count } messages plus anciens ne sont plus ici.
}
finding-unseen = { $count ->
    [one] Un message plus ancien ne tient plus ici. Si vous ne l’avez pas lu, demandez-le-nous.
   *[other] { $count } messages plus anciens ne tiennent plus ici. Si vous ne les avez pas lus, demandez-les-nous.
}
finding-withheld = { $count ->
    [one] Il manque un message. Quelqu’un le retient peut-être. Dites-le à : { $contact }.
   *[other] Il manque { $count } messages. Quelqu’un les retient peut-être. Dites-le à : { $contact }.
}
finding-older-state = Cette page est en retard sur vos messages. Les enquêteurs ont un message plus récent de vous. Si vous n’avez rien envoyé d’autre, contactez : { $contact }.
finding-missing = { $count ->
    [one] Un de vos messages n’est pas arrivé. S’il manque encore demain, envoyez-le de nouveau. Si cela se répète, contactez : { $contact }.
   *[other] { $count } de vos messages ne sont pas arrivés. S’ils manquent encore demain, envoyez-les de nouveau. Si cela se répète, contactez : { $contact }.
}
finding-surplus = Nous avons reçu plus de messages que cette page n’en connaît. C’est normal si vous avez écrit deux fois de suite. Sinon, contactez : { $contact }.
finding-sequence = Les messages ne se suivent pas. L’un d’eux ne figure peut-être pas dans le dossier des enquêteurs. Avant d’agir d’après l’un d’eux, contactez : { $contact }.
finding-log-missing = Cette page ne montre pas que votre signalement est dans notre registre. Revenez demain. S’il manque encore, envoyez-le de nouveau. Si cela se répète, contactez : { $contact }.
finding-log-message-missing = Cette page ne montre pas que votre dernier message est dans notre registre. Revenez demain. S’il manque encore, envoyez-le de nouveau. Si cela se répète, contactez : { $contact }.
finding-log-wrong = La preuve que vos messages sont dans notre registre n’est pas valable. Revenez demain. Si cela se répète, contactez : { $contact }.
finding-wrong-key = Quelque chose ne va pas avec ces messages. N’écrivez pas ici. Contactez : { $contact }.
finding-unconfirmed = Les clés de votre dossier ont été changées pour vous protéger. Deux enquêteurs doivent le confirmer, et ce n’est pas encore fait. Les réponses plus récentes ne peuvent pas être affichées. Vous ne pouvez pas écrire ici pour le moment. Revenez dans quelques jours.

## Protection

protect-title = Protection
protect-heading = Comment nous vous protégeons
protect-lead = Votre signalement est verrouillé (chiffré). Seuls ses destinataires peuvent l’ouvrir.
protect-stored = Ce que ce site garde
protect-stored-sealed = Un paquet verrouillé que notre site ne peut plus ouvrir.
protect-stored-week = La semaine de son arrivée. Nos copies de secours le gardent sept nuits : leur heure peut en dire plus.
protect-stored-pieces = Si l’envoi est coupé : les morceaux verrouillés déjà arrivés, et jusqu’à quel jour nous les gardons. Deux jours environ.
protect-stored-size = Une taille arrondie, pour qu’elle ne révèle presque rien.
protect-stored-hour = Sans JavaScript : votre texte verrouillé, une heure en mémoire. Le code secret, trois heures. Les messages ouverts avec ce code, 15 minutes.
protect-stored-handler = Le service des dossiers garde aussi jours, équipe, langue, urgence, tailles, personnes exclues et refus. Un dossier fermé est effacé plus tard.
protect-not = Ce que nous ne gardons jamais
protect-not-name = Ni votre nom, ni compte, ni mot de passe.
protect-not-address = Ni adresse internet, ni trace de votre appareil.
protect-not-cookie = Aucun cookie. L’historique de votre téléphone peut quand même montrer cette visite.
protect-not-third = Nos pages ne chargent rien d’une autre société.
protect-who = Qui peut le lire
protect-who-desk = La petite équipe chargée du sujet.
protect-who-excluded = Pas les services que vous écartez, si notre liste dit qui en fait partie : ils n’ont pas de clé. L’autorité ci-dessous ne peut pas être écartée.
protect-who-outside = Parfois aussi cette autorité, hors de la douane : { $body }. C’est pour certains sujets, si un délai est dépassé, ou si l’équipe manque de membres. Vous et l’équipe pouvez aussi le demander. Après des violences ou du harcèlement, vous pouvez le refuser.
protect-who-technician = Aucun technicien n’a de clé. Mais qui contrôle notre site peut le modifier pour vous lire.
protect-ways = Deux façons de verrouiller
protect-device = Votre appareil verrouille
protect-device-what = Notre site ne voit jamais votre texte. Il voit vos premiers choix si la page tarde. De même, si vous venez d’une autre page.
protect-device-needs = Il faut JavaScript. Cela ne protège pas d’une fausse page : vérifiez son adresse. Cela ne protège pas non plus d’un site modifié.
protect-server = Notre site verrouille
protect-server-what = Il voit votre texte en mémoire, à chaque page, puis l’enregistre verrouillé.
protect-server-needs = Cela marche sans JavaScript, même dans le mode le plus sûr de Tor.
protect-ways-know = Une phrase près de votre texte dit quelle façon est en vigueur.
protect-limits = Ce que nous ne pouvons pas promettre
protect-before = Avant d’écrire
protect-onion = Avec le navigateur Tor, vous pouvez aussi venir par cette adresse :
protect-onion-only = Elle ne s’ouvre que dans le navigateur Tor. Ne la tapez pas ailleurs.
protect-limit-network = Votre opérateur ou le réseau du bureau peut voir votre visite. Le navigateur Tor la cache.
protect-limit-leave = « { leave } » ouvre une autre page. Trois fois la touche Échap fait de même, avec JavaScript. Sans JavaScript, ou dans certains navigateurs, la touche Retour peut remontrer notre site.
protect-limit-saver = Un navigateur économe en données, comme Opera Mini, peut envoyer vos pages à sa société. N’écrivez rien avec lui.
protect-words = Les douze mots de nos clés
protect-words-what = Ils permettent de reconnaître les clés qui décident qui peut lire.
protect-words-compare = Comparez-les avec une affiche dans la langue de cette page. Si un mot diffère, ne signalez rien ici.
protect-until = La liste des lecteurs autorisés est valable jusqu’au { $day }.
protect-until-after = Ensuite, nous ne prenons ni signalement ni message sans nouvelle liste signée.
protect-until-none = Nous ne pouvons rien recevoir aujourd’hui : aucune liste de lecteurs n’est valable.
protect-receipt = Votre code secret
protect-receipt-what = Il permet de lire nos réponses et de nous écrire. Seul, il n’ouvre jamais votre signalement.

## Pannes

error-title = Problème
error-home = Aller à l’accueil
error-outside = Vous pouvez aussi joindre cette autorité, hors de la douane :
error-busy = Nous ne pouvons pas recevoir cet envoi maintenant
error-busy-what = Rien n’est parti.
error-busy-do = Attendez une minute, puis rechargez cette page. Elle renvoie tout.
held-again-how = Ce que vous avez écrit est là. Attendez une minute, puis renvoyez.
held-text = Votre texte
held-files = Choisissez de nouveau vos fichiers.
held-again = Renvoyer
error-full = Il n’y a pas de place en ce moment
error-full-what = Rien n’est parti. Notre site n’a pas de place pour cet envoi.
error-full-do = Réessayez demain, ou appelez : { $contact }.
error-no-files = Il n’y a plus de place pour des fichiers
error-no-files-what = Rien n’est parti. Un texte sans fichier peut encore passer.
error-no-files-do = Envoyez-le maintenant sans fichiers. Ajoutez-les plus tard avec votre code secret.
error-large = C’est trop pour un envoi
error-large-what = Rien n’est parti. La limite est de 32 fichiers et de 230 Mo en tout.
error-large-do = Choisissez moins de fichiers, ou de plus petits. Envoyez les autres plus tard, avec votre code secret. Si votre texte est très long, revenez en arrière et raccourcissez-le.
error-form = Nous n’avons pas pu lire ce formulaire
error-form-what = Rien n’est parti. La page est peut-être restée ouverte trop longtemps.
error-form-do = Revenez en arrière et réessayez, ou recommencez.
error-expired = Cette page n’est plus gardée
error-expired-what = Pour vous protéger, un texte est oublié une heure après son dernier usage. Un code secret, après trois heures.
error-expired-do = Recommencez depuis l’accueil, s’il vous plaît.
error-missing = Cette page n’existe pas
error-missing-what = L’adresse est peut-être mal écrite.
error-missing-do = Repartez de l’accueil.
error-directory = Nous ne pouvons pas recevoir de signalement en toute sécurité pour l’instant
error-directory-what = Rien n’est parti. Nous n’avons pas pu le verrouiller pour les bonnes personnes.
error-directory-do = Revenez demain, s’il vous plaît.
error-broken = Une panne est survenue chez nous
error-broken-what = Si aucune confirmation ne s’est affichée, votre envoi n’est peut-être pas arrivé.
error-broken-do = Rechargez cette page pour renvoyer. Un même envoi ne compte jamais deux fois.

# With scripts: the browser locks.
seal-here = Votre appareil verrouille tout. Notre site ne lit rien.
seal-here-text = Votre appareil verrouille ce que vous écrivez. Notre site ne connaît que vos premiers choix.
seal-here-short = Votre appareil verrouille votre texte.
seal-here-reply = Votre appareil verrouille ce message lui-même. Notre site ne peut rien lire.
seal-here-return = Votre appareil ouvre vos messages lui-même. Notre site ne peut rien lire.
seal-date = Si la date de votre appareil est fausse, corrigez-la. Il pourra alors verrouiller votre signalement.
altered-heading = N’écrivez rien ici pour le moment
altered-what = Des parties de ce formulaire ne sont pas signées par l’administration. Quelqu’un veut peut-être lire ce que vous écrivez.
altered-do = Réessayez dans dix minutes. Si ce message revient, n’utilisez ce formulaire sur aucun appareil. Appelez le numéro qui est sur les affiches.
updated-heading = Notre site vient d’être mis à jour
updated-copy = Ce que vous avez écrit est encore là. Copiez-le, puis rechargez cette page.
updated-draft = Ce que vous avez écrit est encore là. Gardez un brouillon ou copiez le texte. Puis rechargez cette page.
page-failed = Cela n’a pas fonctionné. Ce que vous avez écrit est encore là. Réessayez, ou copiez-le et rechargez cette page.
form-loading = Le formulaire se charge. Un instant.
form-by-site = Votre appareil n’a pas tout chargé. Touchez encore : notre site le fait pour vous.
send-sealing = Votre appareil verrouille votre signalement.
send-progress = Envoi : { $done } %
send-waiting = Pas de connexion. Gardez cette page ouverte. Nouvel essai dans { $seconds } s.
switch-offline = Sans connexion, la langue ne peut pas changer. Cette page et votre texte restent là.
send-again = Essayer maintenant
send-stop = Arrêter l’envoi
send-failed = L’envoi a échoué. Gardez cette page ouverte et réessayez.
send-too-large = C’est trop pour un envoi. La limite est de 32 fichiers et d’environ 230 Mo en tout.
send-busy = Le service est très occupé. Gardez cette page ouverte. Nouvel essai dans { $seconds } s.
send-full = Notre site n’a pas de place pour cet envoi. Gardez cette page ouverte. Nouvel essai dans { $seconds } s.

## Parler au lieu d’écrire

story-in-file = Je joindrai un enregistrement ou un autre fichier au lieu d’écrire
story-in-file-why = Dans un fichier audio, votre voix reste telle quelle. Qui la connaît vous reconnaît.
recorder-heading = Ou dites-le
recorder-about = Votre voix est changée ici, sur votre appareil. Votre vraie voix n’est pas envoyée.
recorder-known = Vos proches ou une machine peuvent encore reconnaître votre voix, vos mots ou votre accent.
recorder-noise = Les bruits autour de vous s’entendent encore. Ne dites pas votre nom.
recorder-start = Enregistrer ma voix
recorder-stop = Arrêter
recorder-cancel = Annuler
recorder-play = Écouter
recorder-pause = Arrêter le son
recorder-again = Recommencer
recorder-remove = Effacer
recorder-clock = Enregistrement : { $time } sur { $limit }
recorder-asking = Permettez le micro dans votre navigateur.
recorder-altering = Nous changeons votre voix. Gardez cette page ouverte.
recorder-ready = Écoutez avant d’envoyer. Mettez un casque s’il y a du monde.
recorder-silent = Nous n’avons rien entendu. Parlez plus près du micro, et recommencez.
recorder-failed = Votre appareil n’a pas pu changer la voix. Rien n’est gardé. Écrivez plutôt.
recorder-refused = Le micro ne marche pas ici. Écrivez, ou joignez un fichier à la fin.
wrong-recording-unheard = Écoutez votre enregistrement, ou effacez-le, avant de continuer.
wrong-recording-busy = Arrêtez d’abord l’enregistrement, ou attendez qu’il soit prêt.
review-recording = Votre voix, changée
wrong-no-story = Il manque le fichier qui raconte. Joignez-le ici, ou revenez pour écrire.
error-no-story = Il manque ce qui s’est passé
error-no-story-what = Vous n’avez ni écrit, ni joint un fichier. Rien n’a été envoyé.
error-no-story-do = Joignez le fichier ici, ou revenez en arrière pour écrire.
error-no-reader = Il ne reste personne pour le lire
error-no-reader-what = Il ne reste personne qui puisse le lire. Rien n’a été envoyé.
error-no-reader-do = Votre texte est toujours ici. Changez une réponse sous « Qui le lira », puis envoyez.
