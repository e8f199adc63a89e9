# Posters and cards that an administration prints: `burkindi admin poster`. A sentence has at most
# 18 words. `{ $body }` is the configured name of the oversight body.

poster-title = Cartel
card-title = Tarjetas
poster-heading = ¿Un problema en la aduana? Dígalo.
poster-anonymous = Sin nombre. Sin cuenta. Sin número.
poster-what = Puede hablar de todo esto
poster-open = Abra esta dirección
poster-scan = O apunte con la cámara de su teléfono a este cuadrado.
poster-later = Anote aquí la dirección. Ábrala más tarde, lejos del trabajo.
poster-onion = Con el navegador Tor:
poster-need = Lo que necesita
poster-need-phone = Basta un teléfono. No le pedimos su nombre.
poster-need-address = No guardamos su dirección de internet.
poster-need-code = La página le da un código secreto. Anótelo: con él lee la respuesta.
poster-never = Lo que nunca debe hacer
poster-never-network = No use la red de la oficina, ni un teléfono u ordenador del trabajo.
poster-never-code = No enseñe su código secreto a nadie.
poster-limit = Su operador puede ver que visita este sitio. El navegador Tor lo oculta.
poster-readers = Quién lee su denuncia
poster-readers-desk = El pequeño equipo encargado del tema. Usted elige quién no debe verla.
poster-readers-desks = Los equipos:
poster-readers-body = A veces también esta autoridad, fuera de la aduana: { $body }.
poster-call = Fuera de la aduana, llame a
poster-words = Las doce palabras de nuestras claves
poster-words-compare = La página «Cómo le protegemos», en español, muestra estas palabras. Si una palabra es distinta, no denuncie allí.
poster-danger = ¿Una vida corre peligro? Llame primero al { $number }.
card-hide = Guarde esta tarjeta fuera de la vista.
