# Posters and cards that an administration prints: `burkindi admin poster`. A sentence has at most
# 18 words. `{ $body }` is the configured name of the oversight body.

poster-title = ملصق
card-title = بطاقات
poster-heading = هل واجهت مشكلة في الجمارك؟ أخبرنا بها.
poster-anonymous = بلا اسم. بلا حساب. بلا رقم.
poster-what = يمكنك أن تتكلم عن كل هذا
poster-open = افتح هذا العنوان
poster-scan = أو وجّه كاميرا هاتفك نحو هذا المربع.
poster-later = سجّل العنوان هنا. افتحه لاحقا، بعيدا عن العمل.
poster-onion = بمتصفح Tor:
poster-need = ما تحتاج إليه
poster-need-phone = يكفي هاتف واحد. لا نطلب اسمك.
poster-need-address = لا نحفظ عنوانك على الإنترنت.
poster-need-code = تعطيك الصفحة رمزا سريا. سجّله: به تقرأ الرد.
poster-never = ما يجب ألا تفعله أبدا
poster-never-network = لا تستعمل شبكة المكتب، ولا هاتفا أو حاسوبا من العمل.
poster-never-code = لا تُظهر رمزك السري لأحد.
poster-limit = قد يرى مشغّلك أنك تزور هذا الموقع. متصفح Tor يخفي ذلك.
poster-readers = من يقرأ بلاغك
poster-readers-desk = الفريق الصغير المكلف بالموضوع. أنت تختار من يجب ألا يراه.
poster-readers-desks = الفرق:
poster-readers-body = وأحيانا هذه الهيئة أيضا، خارج الجمارك: { $body }.
poster-call = خارج الجمارك، يمكنك الاتصال بـ
poster-words = الكلمات الاثنتا عشرة لمفاتيحنا
poster-words-compare = صفحة «كيف نحميك» بالعربية تعرض هذه الكلمات. إن اختلفت كلمة واحدة، فلا تبلّغ هناك.
poster-danger = هل حياة في خطر؟ اتصل أولاً بالرقم { $number }.
card-hide = أبقِ هذه البطاقة بعيدة عن الأنظار.
