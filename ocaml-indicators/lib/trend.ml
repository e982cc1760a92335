open! Import

type sums = { plus : float; minus : float; range : float }

(* The three numbers one bar adds: at most one of the two movements is not 0. *)
let step ~high ~low ~close i =
  let up = high.(i) -. high.(i - 1) and down = low.(i - 1) -. low.(i) in
  let range = Float.max high.(i) close.(i - 1) -. Float.min low.(i) close.(i - 1) in
  {
    plus = (if up > 0.0 && up > down then up else 0.0);
    minus = (if down > 0.0 && up < down then down else 0.0);
    range;
  }

let share part whole = if Float.abs whole < 1e-14 then 0.0 else 100.0 *. (part /. whole)

let movement s =
  let plus = share s.plus s.range and minus = share s.minus s.range in
  if Float.abs (plus +. minus) < 1e-14 then None
  else Some (100.0 *. (Float.abs (plus -. minus) /. (plus +. minus)))

let adx ~period ~high ~low ~close =
  let n = Array.length high and p = float_of_int period in
  let adx = Array.make n Series.absent in
  let plus_di = Array.copy adx and minus_di = Array.copy adx in
  let sums = ref { plus = 0.0; minus = 0.0; range = 0.0 } in
  let index = ref 0.0 in
  let first = (2 * period) - 1 in
  for i = 1 to n - 1 do
    let now = step ~high ~low ~close i in
    let kept = if i < period then 1.0 else 1.0 -. (1.0 /. p) in
    let fade whole part = (whole *. kept) +. part in
    sums :=
      {
        plus = fade !sums.plus now.plus;
        minus = fade !sums.minus now.minus;
        range = fade !sums.range now.range;
      };
    (match movement !sums with
    | Some dx when i >= period && i <= first -> index := !index +. (dx /. p)
    | Some dx when i > first -> index := ((!index *. (p -. 1.0)) +. dx) /. p
    | Some _ | None -> ());
    if i >= first then begin
      adx.(i) <- !index;
      plus_di.(i) <- share !sums.plus !sums.range;
      minus_di.(i) <- share !sums.minus !sums.range
    end
  done;
  (adx, plus_di, minus_di)

let cci ~period ~high ~low ~close =
  let typical = Array.mapi (fun i value -> (high.(i) +. low.(i) +. value) /. 3.0) close in
  Series.rolling ~period typical (fun ~first ->
      let mean = Series.mean typical ~first ~length:period in
      let distances = Array.init period (fun i -> Float.abs (typical.(first + i) -. mean)) in
      let deviation = Series.mean distances ~first:0 ~length:period in
      if deviation = 0.0 then 0.0
      else (typical.(first + period - 1) -. mean) /. (0.015 *. deviation))
