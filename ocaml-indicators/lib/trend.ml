open! Import

type bar = { high : float; low : float; close : float }

type t = {
  seen : int;
  last : bar;
  plus : float;
  minus : float;
  range : float;
  index : float;
}

let start last = { seen = 1; last; plus = 0.0; minus = 0.0; range = 0.0; index = 0.0 }
let share part whole = if Float.abs whole < 1e-14 then 0.0 else 100.0 *. (part /. whole)

let movement t =
  let plus = share t.plus t.range and minus = share t.minus t.range in
  if Float.abs (plus +. minus) < 1e-14 then None
  else Some (100.0 *. (Float.abs (plus -. minus) /. (plus +. minus)))

(* The sums with one bar more: at most one of its two movements is not 0. *)
let summed ~period t bar =
  let p = float_of_int period in
  let up = bar.high -. t.last.high and down = t.last.low -. bar.low in
  let kept = if t.seen < period then 1.0 else 1.0 -. (1.0 /. p) in
  let fade whole part = (whole *. kept) +. part in
  {
    t with
    seen = t.seen + 1;
    last = bar;
    plus = fade t.plus (if up > 0.0 && up > down then up else 0.0);
    minus = fade t.minus (if down > 0.0 && up < down then down else 0.0);
    range = fade t.range (Spread.reach ~before:t.last.close ~high:bar.high ~low:bar.low);
  }

let step ~period t bar =
  let p = float_of_int period and i = t.seen and first = (2 * period) - 1 in
  let t = summed ~period t bar in
  let index =
    match movement t with
    | Some dx when i >= period && i <= first -> t.index +. (dx /. p)
    | Some dx when i > first -> ((t.index *. (p -. 1.0)) +. dx) /. p
    | Some _ | None -> t.index
  in
  let t = { t with index } in
  if i < first then (t, None) else (t, Some (index, share t.plus t.range, share t.minus t.range))

let adx ~period ~high ~low ~close =
  let n = Array.length high in
  let adx = Array.make n Series.absent in
  let plus_di = Array.copy adx and minus_di = Array.copy adx in
  let bar i = { high = high.(i); low = low.(i); close = close.(i) } in
  let rec go i t =
    if i < n then begin
      let t, found = step ~period t (bar i) in
      Option.iter
        (fun (index, plus, minus) ->
          adx.(i) <- index;
          plus_di.(i) <- plus;
          minus_di.(i) <- minus)
        found;
      go (i + 1) t
    end
  in
  if n > 0 then go 1 (start (bar 0));
  (adx, plus_di, minus_di)

let cci ~period ~high ~low ~close =
  let typical = Array.mapi (fun i value -> (high.(i) +. low.(i) +. value) /. 3.0) close in
  Series.rolling ~period typical (fun ~first ->
      let mean = Series.mean typical ~first ~length:period in
      let distances = Array.init period (fun i -> Float.abs (typical.(first + i) -. mean)) in
      let deviation = Series.mean distances ~first:0 ~length:period in
      if deviation = 0.0 then 0.0
      else (typical.(first + period - 1) -. mean) /. (0.015 *. deviation))
