open! Import

type rows = float array list

type t = {
  rows : rows;
  outputs : int;
  fits : rows -> bool;
  step : rows -> float array -> rows * float array;
}

let fresh indicator parameter =
  let rows, fits, step = Recurrence.find indicator parameter in
  { rows; fits; step; outputs = List.length indicator.outputs }

let step t bar =
  let rows, values = t.step t.rows bar in
  ({ t with rows }, values)

let feed t columns =
  let columns = Array.of_list (List.map snd columns) in
  let length = if Array.length columns = 0 then 0 else Array.length columns.(0) in
  let outputs = Array.init t.outputs (fun _ -> Array.make length Series.absent) in
  let rec go t i =
    if i = length then t
    else begin
      let t, values = step t (Array.map (fun column -> column.(i)) columns) in
      Array.iteri (fun output value -> outputs.(output).(i) <- value) values;
      go t (i + 1)
    end
  in
  let t = go t 0 in
  (t, Array.to_list outputs)

let memory t = t.rows
let recall t rows = if t.fits rows then Some { t with rows } else None
